/** One stream for all of a browser's pages: it allows six connections to a server, and each page would hold one. */
import { listenTo, streamAt } from "./events.js";

const ports = new Map();
/** Whose charts the stream tells; those of a page that went are told until it is begun anew. */
let shown = [];
let since = "";
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
  for (const port of ports.keys()) port.postMessage([kind, data]);
}

function listen(from) {
  since = from;
  shown = [...new Set(ports.values())].filter(Boolean);
  end = listenTo((last) => streamAt(last || since, shown), tell);
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
    ports.set(port, data.pair);
    if (!end) listen(data.since);
    else {
      if (kept) {
        port.postMessage(["open", null]);
        for (const kind of ["edition", "board", "state"]) if (kept[kind]) port.postMessage([kind, kept[kind]]);
      }
      if (data.pair && !shown.includes(data.pair)) listen(end() || since);
    }
  };
};
