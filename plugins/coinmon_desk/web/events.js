/** The server's stream of what changes, begun again when it is lost: `tell(kind, data)` hears of each event. */
const KINDS = ["board", "tape", "state", "edition", "forming", "ping"];
const SILENT_MS = 25000;
const AGAIN_MS = 1000;

/** What it gives ends it. `open` and `lost` are told beside the server's own kinds. */
export function listenTo(path, tell) {
  let source = null;
  let heardAt = 0;
  let over = false;

  function begin() {
    if (over) return;
    source = new EventSource(path);
    source.addEventListener("open", () => {
      heardAt = performance.now();
      tell("open", null);
    });
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        heardAt = performance.now();
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
  };
}
