/** One stream for all of a browser's pages: it allows six connections to a server, and each page would hold one. */
import { listenTo } from "./events.js";

const ports = new Set();
let end = null;
let kept = null;

/** What a page that comes later has to know first; the server tells it once to each connection. */
function keep(kind, data) {
  // connected again: the server tells what changed since, and what was kept is known still
  if (kind === "open") kept = { board: kept?.board || {} };
  else if (!kept) return;
  else if (kind === "board") {
    for (const [pair, cells] of Object.entries(data)) kept.board[pair] = { ...kept.board[pair], ...cells };
  } else if (kind === "edition" || kind === "state") kept[kind] = data;
}

function tell(kind, data) {
  keep(kind, data);
  for (const port of ports) port.postMessage([kind, data]);
}

onconnect = (event) => {
  const port = event.ports[0];
  port.onmessage = ({ data }) => {
    if (data === "bye") {
      ports.delete(port);
      if (!ports.size && end) {
        end();
        end = kept = null;
      }
      return;
    }
    ports.add(port);
    if (!end) end = listenTo(`/desk/events?since=${encodeURIComponent(data.since)}`, tell);
    else if (kept) {
      port.postMessage(["open", null]);
      for (const kind of ["edition", "board", "state"]) if (kept[kind]) port.postMessage([kind, kept[kind]]);
    }
  };
};
