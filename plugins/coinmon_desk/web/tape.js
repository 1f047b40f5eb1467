/** The tape: newest first, each row with its words, why, and a jump to its moment in the chart. */
import { clock, config, fetched, on, tellAbsent, words } from "./desk.js";
import { made } from "./sheet.js";

const list = document.getElementById("tape");
const inputs = ["kind", "grade", "search", "sound"].map((id) => document.getElementById(id));
const [kind, grade, search, sound] = inputs;
const rows = new Map();

function passes(row) {
  const text = search.value.trim().toUpperCase().replace(/[^A-Z0-9]/g, "");
  return (!kind.value || row.kind === kind.value) && (!grade.value || row.grade === grade.value)
    && (!text || row.pair.replace("/", "").includes(text));
}

function money(value, pair) {
  return value === null || value === undefined ? "" : `${Math.round(value).toLocaleString("en-US")} ${pair.split("/")[1]}`;
}

function price(value) {
  return value ? `@ ${value.toLocaleString("en-US", { maximumSignificantDigits: 8 })}` : "";
}

function said(row) {
  if (row.kind === "signal") return `${row.title[config.lang]} — ${row.reading[config.lang]}`;
  const deed = words[`${row.kind} ${row.side}`] || `${words[row.kind] || row.kind} ${words[row.side] || row.side}`;
  return [deed, row.venue, money(row.amount, row.pair), price(row.price)].filter(Boolean).join(" ");
}

function item(row) {
  const jump = `/pair/${encodeURIComponent(row.pair.replace("/", ""))}?at=${encodeURIComponent(row.time)}`;
  const figures = row.why[config.lang] || [];
  const why = figures.length
    ? made("details", {}, made("summary", {}, words.why), made("dl", {}, ...figures.flatMap(([name, value]) => [made("dt", {}, name), made("dd", {}, value)])))
    : null;
  const record = row.record ? made("span", { class: "dim" }, ` ${words.record}: ${row.record.text[config.lang]}`) : null;
  return made("li", { "data-id": row.id, "data-kind": row.kind },
    made("time", { datetime: row.time }, clock(row.time, "day")), made("b", { class: `k-${row.tone}` }, row.grade || "·"),
    made("b", {}, row.pair), made("span", { class: `what k-${row.tone}` }, said(row), record), made("a", { href: jump }, words.jump), why);
}

function draw() {
  const order = [...rows.values()].filter(passes).sort((a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : 0));
  const opened = new Set([...list.querySelectorAll("details[open]")].map((each) => each.closest("li").dataset.id));
  list.replaceChildren(...order.slice(0, 400).map((row) => {
    const node = item(row);
    if (opened.has(row.id)) node.querySelector("details")?.setAttribute("open", "");
    return node;
  }));
  if (!order.length) list.append(made("li", { class: "dim" }, words.none));
}

let audio = null;

function beep() {
  // a browser gives a page few of them
  audio ||= new AudioContext();
  const tone = audio.createOscillator();
  tone.frequency.value = 880;
  tone.connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.12);
}

async function load() {
  const data = await fetched("/desk/tape.json", { at: config.at });
  for (const row of data.rows) rows.set(row.id, row);
  tellAbsent(data.absent);
  list.hidden = Boolean(data.absent);
  draw();
}

for (const each of inputs) each.addEventListener("input", draw);
document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
if (config.at) load();
else {
  on("tape", (news) => {
    for (const row of news) rows.set(row.id, row);
    draw();
    // what is not shown is not heard
    if (sound.checked && news.some(passes)) beep();
  });
  // an edition begins each connection: what was missed meanwhile is fetched
  on("edition", load);
}
