/** The state of venues, streams, deliveries and plugins. */
import { on, words } from "./desk.js";
import { made } from "./sheet.js";

const place = document.getElementById("state");

function table(head, rows) {
  const cells = (row) => row.map((each) => (Array.isArray(each) ? made("td", { class: each[1] }, each[0]) : made("td", {}, String(each ?? "-"))));
  return made("div", { class: "scroll" }, made("table", {},
    made("thead", {}, made("tr", {}, ...head.map((each) => made("th", { scope: "col" }, each)))),
    made("tbody", {}, ...rows.map((row) => made("tr", {}, ...cells(row))))));
}

on("state", (state) => {
  const venues = state.venues.map((each) => [
    each.venue, [words[each.status] || each.status, each.status === "ok" ? "up" : "short"], each.streams,
    each.late ? `${each.late}: ${each.stale.join(", ")}` : "0", each.lag === null ? "-" : `${each.lag} s`,
    each.requests, each.seconds, each.error || "",
  ]);
  const parts = [
    made("p", { class: "dim" }, `${words.last_scan}: ${state.scanned || "-"}`),
    made("h2", {}, words.venue),
    table([words.venue, words.status, words.streams, words.stale, words.lag, "req", "s", words.error], venues),
    made("h2", {}, words.deliveries),
    state.deliveries.length ? table(["", words.status, "n"], state.deliveries) : made("p", { class: "dim" }, words.none),
    ...state.delivery_errors.map(([name, why]) => made("p", { class: "warn" }, `${name}: ${why}`)),
    made("h2", {}, words.plugins),
    state.broken.length ? table(["", "", words.error], state.broken.map((each) => [each.plugin, each.of, each.why])) : made("p", { class: "dim" }, words.none),
  ];
  place.replaceChildren(...parts);
});
