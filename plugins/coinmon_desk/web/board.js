/** The board: only the rows in sight are in the document, however many pairs there are. */
import { address, config, fetched, on, tellAbsent, words } from "./desk.js";
import { made } from "./sheet.js";

const ROW = 28;
const COLUMNS = [
  ["pair", words.pair, 128], ["price", words.price, 90], ["hour", words.hour, 66], ["day", words.day, 66],
  ...config.venues.map((each) => [`flow:${each}`, each, 76]),
  ["ratio", words.ratio, 94], ["consensus", words.consensus, 94], ["signal", words.signal, 350],
  ["cvd_spot", words.cvd_spot, 132], ["cvd_perp", words.cvd_perp, 132], ["oi", words.oi, 66],
  ["funding", words.funding, 82], ["seen", words.seen, 60],
];
const board = document.getElementById("board");
const search = document.getElementById("search");
const only = document.getElementById("only");
const count = document.getElementById("count");
const rows = new Map();
const pinned = new Set(JSON.parse(localStorage.getItem("coinmon pinned") || "[]"));
let sort = { by: localStorage.getItem("coinmon sort") || "pair", down: localStorage.getItem("coinmon down") === "1" };
let shown = [];
let chosen = 0;
let asked = 0;

const template = COLUMNS.map(([, , width]) => `${width}px`).join(" ");
const head = made("div", { class: "board-head", role: "row" });
head.style.gridTemplateColumns = template;
for (const [id, title] of COLUMNS) {
  const button = made("button", { type: "button", role: "columnheader", "data-column": id, title }, title);
  button.addEventListener("click", () => {
    sort = { by: id, down: sort.by === id ? !sort.down : id !== "pair" };
    localStorage.setItem("coinmon sort", sort.by);
    localStorage.setItem("coinmon down", sort.down ? "1" : "");
    later();
  });
  head.append(button);
}
const space = made("div", { class: "board-space", role: "rowgroup" });
space.style.position = "relative";
board.append(head, space);
const pool = [];

function poolRow(number) {
  while (pool.length <= number) {
    const node = made("div", { class: "board-row", role: "row" });
    node.style.gridTemplateColumns = template;
    node.style.position = "absolute";
    for (const [id] of COLUMNS) {
      const one = made("span", { role: "gridcell", "data-cell": id });
      if (id === "pair") {
        const star = made("button", { type: "button", class: "star", "aria-label": words.pin, tabindex: -1 }, "★");
        star.addEventListener("click", (event) => {
          event.stopPropagation();
          pin(node.dataset.pair);
        });
        one.append(star, made("a", {}));
      } else if (id.startsWith("cvd")) {
        const spark = document.createElementNS("http://www.w3.org/2000/svg", "svg");
        spark.setAttribute("class", "spark");
        spark.setAttribute("aria-hidden", "true");
        spark.append(document.createElementNS("http://www.w3.org/2000/svg", "path"));
        one.append(made("span", {}), spark);
      }
      node.append(one);
    }
    node.addEventListener("click", () => open(node.dataset.pair));
    space.append(node);
    pool.push(node);
  }
  return pool[number];
}

function pin(pair) {
  if (pinned.has(pair)) pinned.delete(pair);
  else pinned.add(pair);
  localStorage.setItem("coinmon pinned", JSON.stringify([...pinned]));
  later();
}

function open(pair) {
  location.assign(`/pair/${pair.replace("/", "")}${config.at ? `?at=${encodeURIComponent(config.at)}` : ""}`);
}

function words_of(cell, id) {
  if (!cell) return "";
  if (id === "consensus") return words[cell.t] || cell.t;
  return cell[config.lang] || cell.t;
}

function spark(line) {
  const known = line.filter((each) => each !== null);
  if (known.length < 2) return "";
  const [low, high] = [Math.min(...known), Math.max(...known)];
  let path = "";
  let pen = false;
  line.forEach((each, k) => {
    if (each === null) {
      pen = false;
      return;
    }
    path += `${pen ? "L" : "M"}${((k / (line.length - 1)) * 54 + 1).toFixed(1)} ${(18 - ((each - low) / (high - low || 1)) * 16).toFixed(1)}`;
    pen = true;
  });
  return path;
}

function fill(node, row, number) {
  const pair = row.pair.t;
  if (node.dataset.pair !== pair) node.dataset.pair = pair;
  node.style.transform = `translateY(${number * ROW}px)`;
  node.setAttribute("aria-selected", String(number === chosen));
  node.setAttribute("aria-rowindex", number + 2);
  COLUMNS.forEach(([id], k) => {
    const one = node.children[k];
    const cell = row[id];
    if (id === "pair") {
      one.children[0].setAttribute("aria-pressed", String(pinned.has(pair)));
      if (one.children[1].textContent !== pair) {
        one.children[1].textContent = pair;
        one.children[1].setAttribute("href", `/pair/${pair.replace("/", "")}${location.search}`);
        one.children[1].setAttribute("tabindex", "-1");
      }
      return;
    }
    const text = words_of(cell, id);
    const tone = cell && cell.k ? `k-${cell.k}` : "";
    if (one.className !== tone) one.className = tone;
    const title = (cell && cell.w) || "";
    if (one.title !== title) one.title = title;
    if (id.startsWith("cvd")) {
      if (one.children[0].textContent !== text) one.children[0].textContent = text;
      const path = spark((cell && cell.line) || []);
      if (one.dataset.path !== path) {
        one.dataset.path = path;
        one.children[1].firstChild.setAttribute("d", path);
      }
    } else if (one.textContent !== text) one.textContent = text;
  });
}

function passes(row) {
  const text = search.value.trim().toUpperCase().replace(/[^A-Z0-9]/g, "");
  if (text && !row.pair.t.replace("/", "").toUpperCase().includes(text)) return false;
  if (only.value === "pinned") return pinned.has(row.pair.t);
  if (only.value === "signals") return Boolean(row.signal);
  if (only.value === "strong") return /^strong/.test(row.consensus?.t || "");
  return true;
}

function ordered() {
  const way = sort.down ? -1 : 1;
  const key = (row) => row[sort.by]?.s ?? null;
  return [...rows.values()].filter(passes).sort((a, b) => {
    const held = pinned.has(b.pair.t) - pinned.has(a.pair.t);
    if (held) return held;
    const [x, y] = [key(a), key(b)];
    if (x === null || y === null) return (x === null) - (y === null) || (a.pair.t < b.pair.t ? -1 : 1);
    return (x < y ? -1 : x > y ? 1 : 0) * way || (a.pair.t < b.pair.t ? -1 : 1);
  });
}

function draw() {
  asked = 0;
  shown = ordered();
  chosen = Math.max(0, Math.min(chosen, shown.length - 1));
  space.style.height = `${shown.length * ROW}px`;
  const wide = COLUMNS.reduce((sum, [, , width]) => sum + width, 0);
  space.style.width = `${wide}px`;
  for (const button of head.children) {
    if (button.dataset.column === sort.by) button.setAttribute("aria-sort", sort.down ? "descending" : "ascending");
    else button.removeAttribute("aria-sort");
  }
  const first = Math.max(0, Math.floor(board.scrollTop / ROW) - 4);
  const last = Math.min(shown.length, Math.ceil((board.scrollTop + board.clientHeight) / ROW) + 4);
  let used = 0;
  for (let k = first; k < last; k += 1) fill(poolRow(used++), shown[k], k);
  for (let k = used; k < pool.length; k += 1) pool[k].style.transform = "translateY(-9999px)";
  const text = `${shown.length} / ${rows.size}`;
  if (count.textContent !== text) count.textContent = text;
  board.setAttribute("aria-rowcount", shown.length + 1);
}

function later() {
  if (!asked) asked = requestAnimationFrame(draw);
}

function take(news) {
  for (const [pair, cells] of Object.entries(news)) rows.set(pair, { ...rows.get(pair), ...cells });
  later();
}

board.addEventListener("scroll", later, { passive: true });
new ResizeObserver(later).observe(board);
search.addEventListener("input", later);
only.addEventListener("change", later);
document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
document.getElementById("at").addEventListener("change", (event) => location.assign(address({ at: event.target.value.trim() })));

board.addEventListener("keydown", (event) => {
  const page = Math.max(1, Math.floor(board.clientHeight / ROW) - 2);
  const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -1e9, End: 1e9 };
  if (event.key in moves) {
    event.preventDefault();
    chosen = Math.max(0, Math.min(shown.length - 1, chosen + moves[event.key]));
    const top = chosen * ROW;
    if (top < board.scrollTop) board.scrollTop = top;
    else if (top + 2 * ROW > board.scrollTop + board.clientHeight) board.scrollTop = top + 2 * ROW - board.clientHeight;
    later();
  } else if (event.key === "Enter" && event.target === board && shown[chosen]) open(shown[chosen].pair.t);
  else if (event.key === "p" && shown[chosen]) pin(shown[chosen].pair.t);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !/INPUT|SELECT|TEXTAREA/.test(event.target.tagName)) {
    event.preventDefault();
    search.focus();
  }
});

if (config.at) fetched("/desk/board.json", { at: config.at }).then((data) => {
  tellAbsent(data.absent);
  board.hidden = Boolean(data.absent);
  take(data.rows);
});
else on("board", take);
