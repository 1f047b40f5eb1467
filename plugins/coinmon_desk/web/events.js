/** The server's stream of what changes, begun again when it is lost: `tell(kind, data)` hears of each event. */
const KINDS = ["board", "tape", "state", "edition", "forming", "ping"];
const SILENT_MS = 25000;
const AGAIN_MS = 1000;

/** since: what was heard last. pairs: whose charts are shown; forming minutes of others are not told. */
export function streamAt(since, pairs) {
  const query = new URLSearchParams([...(since ? [["since", since]] : []), ...pairs.map((each) => ["pair", each])]);
  return `/desk/events${query.size ? `?${query}` : ""}`;
}

/**
 * What it gives ends it, and says by what the last event is named. `open` and `lost` are told beside the server's own
 * kinds. path: gives the address, whenever it is begun.
 */
export function listenTo(path, tell) {
  let source = null;
  let heardAt = 0;
  let over = false;
  let last = "";

  function begin() {
    if (over) return;
    source = new EventSource(path(last));
    source.addEventListener("open", () => {
      heardAt = performance.now();
      tell("open", null);
    });
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        heardAt = performance.now();
        last = event.lastEventId || last;
        tell(kind, JSON.parse(event.data));
      });
    }
    source.addEventListener("error", () => {
      tell("lost", null);
      // a stream that the server refused is closed for good: another one is begun
      if (source.readyState === EventSource.CLOSED) setTimeout(begin, AGAIN_MS);
    });
  }

  const watch = setInterval(() => {
    // a connection that hangs says nothing: silence tells
    if (!heardAt || performance.now() - heardAt < SILENT_MS) return;
    heardAt = 0;
    tell("lost", null);
    source.close();
    begin();
  }, 2000);
  begin();
  return () => {
    over = true;
    clearInterval(watch);
    source.close();
    return last;
  };
}
