/** The state of venues, streams, holes, budgets, deliveries and plugins, and what doctor would say. */
import { fetched, on, words } from "./desk.js";
import { made } from "./sheet.js";

const place = document.getElementById("state");

function table(head, rows) {
  const cells = (row) => row.map((each) => (Array.isArray(each) ? made("td", { class: each[1] }, each[0]) : made("td", {}, String(each ?? "-"))));
  return made("div", { class: "scroll" }, made("table", {},
    made("thead", {}, made("tr", {}, ...head.map((each) => made("th", { scope: "col" }, each)))),
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
    each.late ? `${each.late}: ${each.stale.join(", ")}` : "0", each.lag === null ? "-" : `${each.lag} s`,
    each.requests, each.seconds, each.error || "",
  ]);
  const health = Object.entries(state.health).map(([name, value]) => [words[name] || name, value]);
  const full = (used, limit) => [`${used}`, used > 0.9 * limit ? "short" : ""];
  const parts = [
    made("p", { class: "dim" }, `${words.last_scan}: ${state.scanned || "-"}`),
    ...part(words.venue, [words.venue, words.status, words.streams, words.stale, words.lag, words.requests, words.took_s, words.error], venues),
    ...part(words.health, ["", ""], health),
    ...part(`${words.holes} · ${words.last_hour}`, ["", words.complete, words.holes, words.warming],
      (looked.gaps || []).map(([of, complete, minutes, holes, warming]) => [of, `${complete}/${minutes}`, holes, warming ? words.yes : words.no])),
    ...part(words.budgets, [words.venue, "", words.used, words.limit], state.budgets.map(([venue, name, used, limit]) => [venue, name, full(used, limit), limit])),
    ...part(`${words.outbox}${looked.waiting ? ` · ${looked.waiting}` : ""}`,
      ["", words.status, words.signal, words.time, words.attempts, words.next_try, words.error], (looked.outbox || []).map(([of, status, ...rest]) => [of, statusOf(status), ...rest])),
    ...part(words.deliveries, ["", words.status, words.number], state.deliveries.map(([of, status, number]) => [of, statusOf(status), number])),
    ...state.delivery_errors.map(([name, why]) => made("p", { class: "warn" }, `${name}: ${why}`)),
    ...part(words.plugins, ["", "", words.error],
      [...state.broken.map((each) => [each.plugin, each.of, each.why]), ...state.failing.map(([name, why]) => [name, "", why])]),
    ...part(words.doctor, ["", words.check, words.status, "", words.cure], (looked.doctor || []).map(([of, check, status, detail, cure]) => [
      words[`doctor ${of}`] || of, words[`doctor ${check}`] || check, [statusOf(status), status === "ok" ? "up" : "short"], detail, cure || "",
    ])),
    ...part(words.tasks, ["", words.live, words.restarts, words.error],
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
