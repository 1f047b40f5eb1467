/** The state of venues, streams, holes, budgets, deliveries and plugins, and what doctor would say. */
import { clock, fetched, on, words } from "./desk.js";
import { made } from "./sheet.js";

const place = document.getElementById("state");

function table(head, rows) {
  // figures stand under one another, words begin at one place
  const text = (each) => String((Array.isArray(each) ? each[0] : each) ?? "-");
  const figures = head.map((_, k) => k > 0 && rows.every((row) => /^(-|[\d.,/]+)$/.test(text(row[k]))));
  const place = (k) => (figures[k] ? "figures" : "");
  const cells = (row) => row.map((each, k) => made("td", { class: `${place(k)} ${Array.isArray(each) ? each[1] : ""}` }, text(each)));
  return made("div", { class: "scroll" }, made("table", {},
    made("thead", {}, made("tr", {}, ...head.map((each, k) => made("th", { scope: "col", class: place(k) }, each)))),
    made("tbody", {}, ...rows.map((row) => made("tr", {}, ...cells(row))))));
}

let looked = {};

function statusOf(status) {
  return words[`status ${status}`] || words[status] || status;
}

function part(title, head, rows) {
  return [made("section", {}, made("h2", {}, title), rows && rows.length ? table(head, rows) : made("p", { class: "dim" }, words.none))];
}

function draw(state) {
  const venues = state.venues.map((each) => [
    each.venue, [statusOf(each.status), each.status === "ok" ? "up" : "short"], each.streams,
    each.late ? `${each.late}: ${each.stale.join(", ")}` : "0", each.lag,
    each.requests, each.seconds, each.error || "",
  ]);
  const health = Object.entries(state.health).map(([name, value]) => [words[name] || name, value]);
  const full = (used, limit) => [`${used}`, used > 0.9 * limit ? "short" : ""];
  const parts = [
    made("p", { class: "dim" }, `${words.last_scan}: ${state.scanned ? clock(state.scanned, "day") : "-"}`),
    ...part(words.venues, [words.venue, words.status, words.streams, words.stale, words.lag, words.requests, words.took_s, words.error], venues),
    ...part(words.health, ["", ""], health),
    ...part(`${words.holes} · ${words.last_hour}`, ["", words.complete, words.holes, words.warming],
      (looked.gaps || []).map(([of, complete, minutes, holes, warming]) => [of, `${complete}/${minutes}`, holes.map((each) => each.map((at) => clock(at, "minute")).join("-")).join(", "), warming ? words.yes : words.no])),
    ...part(words.budgets, [words.venue, "", words.used, words.limit], state.budgets.map(([venue, name, used, limit]) => [venue, name.replace(`${venue} `, ""), full(used, limit), limit])),
    ...part(`${words.outbox}${looked.waiting ? ` · ${looked.waiting}` : ""}`,
      ["", words.status, words.signal, words.time, words.attempts, words.next_try, words.error], (looked.outbox || []).map(([of, status, said, time, tries, next, why]) => (
        [of, statusOf(status), said, clock(time, "day"), tries, next && clock(next, "day"), why]))),
    ...part(words.deliveries, ["", words.status, words.number], state.deliveries.map(([of, status, number]) => [of, statusOf(status), number])),
    ...state.delivery_errors.map(([name, why]) => made("p", { class: "warn" }, `${name}: ${why}`)),
    ...part(words.plugins, ["", "", words.error],
      [...state.broken.map((each) => [each.plugin, each.of, each.why]), ...state.failing.map(([name, why]) => [name, "", why])]),
    ...part(words.doctor, ["", words.check, words.status, "", words.cure], (looked.doctor || []).map(([of, check, status, detail, cure]) => [
      words[`doctor ${of}`] || of, words[`doctor ${check}`] || check, [statusOf(status), status === "ok" ? "up" : "short"], detail, cure || "",
    ])),
    ...part(words.tasks, ["", words.runs, words.restarts, words.error],
      (looked.tasks || []).map(([name, alive, restarts, error]) => [name, [alive ? words.yes : words.no, alive ? "up" : "short"], restarts, error || ""])),
  ];
  place.replaceChildren(...parts);
}

let last = null;
on("state", (state) => {
  last = state;
  draw(state);
});
// holes, outbox and this machine are looked at anew with each edition
on("edition", async () => {
  looked = await fetched("/desk/state.json");
  draw({ ...looked, ...(last || {}) });
});
