/** The board: only the rows in sight are in the document, however many pairs there are. */
import { address, clock, config, fetched, on, tellAbsent, words } from "./desk.js";
import { made } from "./sheet.js";

const ROW = 28;
const SPARE = 4;
/** Rows follow a scroll when they have rested so many times as long as they took: what flies past is read by nobody. */
const REST_TIMES = 2;
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
let moving = 0;
let readyAt = 0;
let scrolledTo = 0;
/** Its height: asked of the document where it changes, for asking makes it lay itself out. */
let tall = 0;

const WIDE = COLUMNS.reduce((sum, [, , width]) => sum + width, 0);
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
space.style.width = `${WIDE}px`;
board.append(head, space);
const pool = [];
/** What each row of the document shows now: reading it back from the document costs more than the rest of a frame. */
const held = [];

function put(slot, name, value, write) {
  if (slot[name] === value) return;
  slot[name] = value;
  write(value);
}

function poolRow(number) {
  while (pool.length <= number) {
    const node = made("div", { class: "board-row", role: "row" });
    node.style.gridTemplateColumns = template;
    node.style.width = `${WIDE}px`;
    const cells = COLUMNS.map(([id]) => {
      const one = made("span", { role: "gridcell", "data-cell": id });
      const words_here = document.createTextNode("");
      const slot = { one, words: words_here, text: "" };
      node.append(one);
      if (id === "pair") {
        slot.star = made("button", { type: "button", class: "star", "aria-label": words.pin, tabindex: -1 }, "★");
        slot.star.addEventListener("click", (event) => {
          event.stopPropagation();
          pin(node.dataset.pair);
        });
        slot.link = made("a", { tabindex: -1 }, words_here);
        one.append(slot.star, slot.link);
      } else if (id.startsWith("cvd")) {
        const spark = document.createElementNS("http://www.w3.org/2000/svg", "svg");
        spark.setAttribute("class", "spark");
        spark.setAttribute("aria-hidden", "true");
        slot.path = document.createElementNS("http://www.w3.org/2000/svg", "path");
        spark.append(slot.path);
        one.append(words_here, spark);
      } else one.append(words_here);
      return slot;
    });
    node.addEventListener("click", () => open(node.dataset.pair));
    space.append(node);
    pool.push(node);
    held.push({ cells });
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
  if (id === "signal") {
    // rows are filled in each frame of a scroll
    cell.said ||= `${clock(cell.s, "minute")} ${cell[config.lang]}`;
    return cell.said;
  }
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

function fill(place, row, number) {
  const node = poolRow(place);
  const slot = held[place];
  const pair = row.pair.t;
  put(slot, "number", number, (value) => {
    node.style.transform = `translateY(${value * ROW}px)`;
    node.setAttribute("aria-rowindex", value + 2);
  });
  put(slot, "chosen", number === chosen, (value) => node.setAttribute("aria-selected", String(value)));
  COLUMNS.forEach(([id], k) => {
    const each = slot.cells[k];
    const cell = row[id];
    if (id === "pair") {
      put(each, "pinned", pinned.has(pair), (value) => each.star.setAttribute("aria-pressed", String(value)));
      put(each, "text", pair, (value) => {
        node.dataset.pair = value;
        each.words.data = value;
        each.link.setAttribute("href", `/pair/${value.replace("/", "")}${location.search}`);
      });
      return;
    }
    put(each, "tone", cell && cell.k ? `k-${cell.k}` : "", (value) => {
      each.one.className = value;
    });
    // what is cut off can be read all the same
    put(each, "why", (cell && (cell.w || cell.said)) || "", (value) => {
      each.one.title = value;
    });
    put(each, "text", words_of(cell, id), (value) => {
      each.words.data = value;
    });
    if (each.path) put(each, "line", (cell && cell.line) || null, (value) => each.path.setAttribute("d", spark(value || [])));
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
  for (const button of head.children) {
    if (button.dataset.column === sort.by) button.setAttribute("aria-sort", sort.down ? "descending" : "ascending");
    else button.removeAttribute("aria-sort");
  }
  rowsInSight();
  const text = `${shown.length} / ${rows.size}`;
  if (count.textContent !== text) count.textContent = text;
  board.setAttribute("aria-rowcount", shown.length + 1);
}

/** A row keeps its place in the document while it is in sight. */
function rowsInSight() {
  const begun = performance.now();
  const top = scrolledTo;
  const room = Math.ceil(tall / ROW) + 2 * SPARE + 1;
  const first = Math.max(0, Math.floor(top / ROW) - SPARE);
  const last = Math.min(shown.length, first + room);
  const used = new Set();
  for (let k = first; k < last; k += 1) {
    used.add(k % room);
    fill(k % room, shown[k], k);
  }
  for (let place = 0; place < pool.length; place += 1) {
    if (!used.has(place)) put(held[place], "number", -1, () => { pool[place].style.transform = "translateY(-9999px)"; });
  }
  // after the frame: what the document did with them counts too
  setTimeout(() => {
    const now = performance.now();
    readyAt = now + REST_TIMES * (now - begun);
  }, 0);
}

function later() {
  if (!asked) asked = requestAnimationFrame(draw);
}

/** Nothing is sorted for a scroll. */
function scrolled() {
  scrolledTo = board.scrollTop;
  if (asked || moving) return;
  moving = setTimeout(() => {
    requestAnimationFrame(() => {
      moving = 0;
      rowsInSight();
    });
  }, Math.max(0, readyAt - performance.now()));
}

function take(news) {
  for (const [pair, cells] of Object.entries(news)) {
    rows.set(pair, { pair: { t: pair, s: pair }, ...rows.get(pair), ...cells });
  }
  later();
}

board.addEventListener("scroll", scrolled, { passive: true });
new ResizeObserver(() => {
  tall = board.clientHeight;
  later();
}).observe(board);
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

/** Fetches the rows, and gives what they are: the stream tells what changed since. */
export async function revision() {
  if (config.at) return "now";
  try {
    const data = await fetched("/desk/board.json");
    take(data.rows);
    return data.revision;
  } catch {
    return "";
  }
}
