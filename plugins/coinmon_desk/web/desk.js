/** Every page of the desk: theme, language, zone, and the stream of what changes. */
import { listenTo, streamAt } from "./events.js";
import { made } from "./sheet.js";

const body = document.body;
export const config = JSON.parse(body.dataset.config);
export const words = config.words;
const root = document.documentElement;
const live = document.getElementById("live");
const listeners = new Map();
window.coinmonDesk = { events: 0, connected: 0 };

for (const name of ["theme", "safe"]) {
  const held = localStorage.getItem(`coinmon ${name}`);
  if (held) root.dataset[name] = held;
}

document.getElementById("theme").addEventListener("click", () => {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("coinmon theme", root.dataset.theme);
  document.dispatchEvent(new Event("recoloured"));
});
document.getElementById("safe").addEventListener("click", () => {
  if (root.dataset.safe) delete root.dataset.safe;
  else root.dataset.safe = "1";
  localStorage.setItem("coinmon safe", root.dataset.safe || "");
  document.dispatchEvent(new Event("recoloured"));
});

/** The same page with other parameters. */
export function address(changes) {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  return url;
}

/** The links to the other pages go to the moment that this one shows. */
export function moveLinks(at) {
  for (const link of document.querySelectorAll(".bar a")) {
    const url = new URL(link.href);
    if (url.pathname === "/state") continue;
    if (at) url.searchParams.set("at", at);
    else url.searchParams.delete("at");
    link.href = url.pathname + url.search;
  }
}

document.getElementById("lang").addEventListener("click", (event) => {
  location.assign(address({ lang: event.target.dataset.lang }));
});
document.getElementById("zone").addEventListener("click", () => {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  location.assign(address({ zone: config.zone === "UTC" ? own : "UTC" }));
});

const clocks = [["short", "medium"], [undefined, "medium"], [undefined, "short"]].map(([dateStyle, timeStyle]) => (
  new Intl.DateTimeFormat("sv-SE", { timeZone: config.zone, dateStyle, timeStyle })
));

/** A moment in the reader's zone: `day` with its date, `second`, or `minute`. What is no moment stays as it is. */
export function clock(moment, upTo) {
  const at = Date.parse(moment);
  return Number.isNaN(at) ? moment : clocks[["day", "second", "minute"].indexOf(upTo)].format(at);
}

/** Words of a kind of event reach who asked for them. */
export function on(kind, hear) {
  if (!listeners.has(kind)) listeners.set(kind, []);
  listeners.get(kind).push(hear);
}

export async function fetched(path, parameters) {
  const query = new URLSearchParams({ lang: config.lang, zone: config.zone });
  for (const [name, value] of Object.entries(parameters || {})) if (value) query.set(name, value);
  const answer = await fetch(`${path}?${query}`);
  if (answer.status === 401) location.reload();
  const data = await answer.json();
  if (data.error) throw Object.assign(new Error(data.error), { absent: data.absent });
  return data;
}

/** Says of a moment of which nothing is stored since when there is anything, with the way there and to the present. */
export function tellAbsent(told) {
  const place = document.getElementById("absent");
  place.hidden = !told;
  if (!told) {
    place.replaceChildren();
    return;
  }
  const way = (text, to) => made("a", { href: address({ at: to, from: null, to: null }) }, text);
  place.replaceChildren(told.text, " ", ...(told.go ? [way(told.link, told.go), " · "] : []), way(words.live, null));
}

function said(text, kind) {
  if (live.textContent !== text) live.textContent = text;
  live.className = `live ${kind}`;
}

function heard(kind, data) {
  if (kind === "lost") {
    said(words.lost, "lost");
    return;
  }
  if (kind === "open") {
    window.coinmonDesk.connected += 1;
    return;
  }
  window.coinmonDesk.events += 1;
  if (kind === "edition") said(config.at ? `${words.past} ${clock(config.at, "day")} ${config.zone}` : `${words.live} · ${clock(data.at, "second")} ${config.zone}`, config.at ? "past" : "on");
  for (const hear of listeners.get(kind) || []) hear(data);
}

/**
 * By the stream that all pages of this browser share, or where it has no shared workers by one of its own.
 * revision: fetches what the page begins with, and gives what the stream is to go on from.
 */
function listen(revision) {
  let end = null;
  let here = false;
  // a page that a browser keeps for its way back must not go on listening
  const leave = () => {
    if (end) end();
    end = null;
    here = false;
  };
  const come = async () => {
    if (here) return;
    here = true;
    const since = await revision();
    if (here && !end) end = window.SharedWorker ? shared(since) : alone();
  };
  for (const each of ["pagehide", "freeze"]) addEventListener(each, leave);
  for (const each of ["pageshow", "resume"]) addEventListener(each, come);
  come();
}

/** since: the revision of the board's rows that this page has; `now` where it shows none. */
function shared(since) {
  const worker = new SharedWorker("/desk/stream.js", { type: "module" });
  worker.port.onmessage = ({ data: [kind, data] }) => heard(kind, data);
  worker.port.postMessage({ since, pair: config.pair });
  worker.onerror = () => said(words.lost, "lost");
  return () => {
    worker.port.postMessage("bye");
    worker.port.close();
  };
}

/** Not while nobody looks: six tabs that listen leave a browser no connection for anything else. */
function alone() {
  let end = null;
  const look = () => {
    if (document.hidden && end) {
      end();
      end = null;
    } else if (!document.hidden && !end) end = listenTo(() => streamAt("", config.pair ? [config.pair] : []), heard);
  };
  document.addEventListener("visibilitychange", look);
  look();
  return () => {
    document.removeEventListener("visibilitychange", look);
    if (end) end();
  };
}

const pages = { board: "./board.js", pair: "./pair.js", tape: "./tape.js", state: "./state.js" };
import(pages[config.page]).then((page) => listen(page.revision || (() => "now")));
