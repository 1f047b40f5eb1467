/** A pair: its scene, drawn by the report's modules, and taken anew with each edition unless the address says when. */
import { clock, config, fetched, moveLinks, on, tellAbsent, words } from "./desk.js";
import { grower } from "./forming.js";
import { made, sheetOf } from "./sheet.js";

const find = (id) => document.getElementById(id);
const state = new URL(location.href).searchParams;
let at = config.at || "";
let market = config.market || "";
let candle = config.candle || "";
let sheet = null;
let busy = false;
let latest = null;
let again = false;
let replaying = 0;
let grow = null;
let shownOf = null;
let lengthShown = candle;

function keep() {
  const url = new URL(location.href);
  for (const [name, value] of [["at", at], ["market", market], ["candle", candle]]) {
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
  }
  if (sheet && zoomed) {
    const [from, to] = sheet.range().map((each) => new Date(each * 1000).toISOString().slice(0, 19) + "Z");
    url.searchParams.set("from", from);
    url.searchParams.set("to", to);
  }
  history.replaceState(null, "", url);
}

let zoomed = false;
let keeping = 0;
function moved() {
  zoomed = true;
  clearTimeout(keeping);
  keeping = setTimeout(keep, 300);
}

async function load() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  const known = latest;
  let asked = "";
  try {
    asked = `${at} ${market} ${candle}`;
    const scene = await fetched("/desk/scene.json", { symbol: config.symbol, at, market, candle });
    tell(null);
    shownOf = asked;
    find("trouble").textContent = scene.failed.map(([name, why]) => `${name}: ${why}`).join("; ");
    find("title").textContent = scene.title;
    document.title = `${scene.title} · coinmon`;
    find("as-of").textContent = `${words.as_of} ${clock(scene.now, "day")} ${config.zone}${at ? "" : ` · ${config.forming ? words.forming : words.closed}`}`;
    markets(scene);
    find("slider").min = scene.first + 60;
    find("slider").max = scene.present;
    find("slider").value = scene.now_s;
    // what the streams said before this scene was made and is not in it yet
    grow = at ? null : grower(scene, grow);
    if (sheet) sheet.show(scene, candle === lengthShown);
    else {
      sheet = sheetOf(find("sheet"), scene, moved);
      window.coinmonSheet = sheet;
      const [from, to] = ["from", "to"].map((name) => Date.parse(state.get(name) || "") / 1000);
      if (from < to) sheet.move(from, to);
    }
    lengthShown = candle;
    document.documentElement.dataset.shown = scene.now;
  } catch (error) {
    find("trouble").textContent = error.absent ? "" : error.message;
    if (error.absent) tell(error.absent);
    else if (shownOf !== asked) gone();
  } finally {
    busy = false;
    if (again) {
      again = false;
      load();
    } else if (latest !== known) follow();
  }
}

/** A chart of the present goes along with the newest edition. */
function follow() {
  if (!busy && !at && latest !== document.documentElement.dataset.shown) load();
}

/** A moment without data: no chart of another moment stands under its words. */
function tell(absent) {
  tellAbsent(absent);
  find("sheet").hidden = Boolean(absent);
  if (!absent) return;
  gone();
  if (absent.go) {
    find("slider").min = absent.first + 60;
    find("slider").max = Math.max(absent.last, Number(find("slider").max));
  }
}

/** A chart of what was asked before does not stand under what is asked now. */
function gone() {
  find("sheet").hidden = true;
  find("as-of").textContent = "";
  delete document.documentElement.dataset.shown;
}

function markets(scene) {
  const select = find("market");
  if (select.options.length) return;
  const names = { spot: `${words.whole} · ${words.spot}`, perp: `${words.whole} · ${words.perp}` };
  for (const each of scene.markets) select.append(made("option", { value: each }, names[each] || each));
  select.value = market || scene.markets[0];
}

function go(moment) {
  at = moment;
  find("at").value = at;
  config.at = at || null;
  moveLinks(at);
  find("live").textContent = at ? `${words.past} ${clock(at, "day")} ${config.zone}` : words.live;
  find("live").className = `live ${at ? "past" : "on"}`;
  keep();
  return load();
}

for (const each of ["", ...config.candles]) find("candle").append(made("option", { value: each }, each || words.auto));
find("candle").value = candle;
find("candle").addEventListener("change", (event) => {
  candle = event.target.value;
  keep();
  load();
});
find("market").addEventListener("change", (event) => {
  market = event.target.value;
  keep();
  load();
});
find("at").addEventListener("change", (event) => go(event.target.value.trim()));
find("slider").addEventListener("input", (event) => {
  go(`${new Date(event.target.value * 1000).toISOString().slice(0, 19)}Z`);
});
find("present").addEventListener("click", () => go(""));
find("reset").addEventListener("click", () => sheet && sheet.whole());
find("replay").addEventListener("click", () => {
  clearInterval(replaying);
  replaying = replaying ? 0 : setInterval(() => {
    const next = Number(find("slider").value) + 60;
    if (next > Number(find("slider").max)) find("replay").click();
    else if (!busy) go(`${new Date(next * 1000).toISOString().slice(0, 19)}Z`);
  }, 1000);
  find("replay").setAttribute("aria-pressed", String(Boolean(replaying)));
});
document.addEventListener("recoloured", () => sheet && sheet.redraw());
on("forming", (news) => {
  const rows = news[config.pair]?.[grow?.of];
  if (!rows) return;
  grow.take(rows);
  sheet.repaint(["price", "volume"]);
  window.coinmonForming = { taken: (window.coinmonForming?.taken || 0) + 1, last: rows[rows.length - 1] };
});
on("edition", (news) => {
  latest = news.at;
  follow();
});
// not when the stream is there: the server makes the scene while the browser still reads the modules
load();
