/** Every page of the desk: theme, language, zone, and the stream of what changes. */
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
document.getElementById("lang").addEventListener("click", (event) => {
  location.assign(address({ lang: event.target.dataset.lang }));
});
document.getElementById("zone").addEventListener("click", () => {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  location.assign(address({ zone: config.zone === "UTC" ? own : "UTC" }));
});

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
  if (data.error) throw new Error(data.error);
  return data;
}

function said(text, kind) {
  if (live.textContent !== text) live.textContent = text;
  live.className = `live ${kind}`;
}

let heardAt = 0;
let source = null;

function listen() {
  source = new EventSource("/desk/events");
  source.addEventListener("open", () => {
    heardAt = performance.now();
    window.coinmonDesk.connected += 1;
  });
  for (const kind of ["board", "tape", "state", "edition", "ping"]) {
    source.addEventListener(kind, (event) => {
      heardAt = performance.now();
      window.coinmonDesk.events += 1;
      const data = JSON.parse(event.data);
      if (kind === "edition") said(config.at ? `${words.past} ${config.at}` : `${words.live} · ${data.at.slice(11, 19)} UTC`, config.at ? "past" : "on");
      for (const hear of listeners.get(kind) || []) hear(data);
    });
  }
  source.addEventListener("error", () => {
    said(words.lost, "lost");
    // a stream that the server refused is closed for good: another one is begun
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 1000);
  });
}

setInterval(() => {
  // a connection that hangs says nothing: silence tells
  if (heardAt && performance.now() - heardAt > 25000) {
    said(words.lost, "lost");
    source.close();
    heardAt = performance.now();
    listen();
  }
}, 2000);

const pages = { board: "./board.js", pair: "./pair.js", tape: "./tape.js", state: "./state.js" };
import(pages[config.page]).then(listen);
