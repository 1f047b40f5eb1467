"""A browser's pages share one stream, and where it cannot, each has its own."""

import pytest

from tests.desk.page import ROWS, complaints

# a server that scans has to start first
pytestmark = pytest.mark.timeout(300)

# the shared worker's module in the page itself, with ports and streams that tell what was done with them
SHARED = """(window.sharing ||= (async () => {
  const begun = [];
  window.EventSource = class extends EventTarget {
    constructor(path) { super(); begun.push([path, this]); }
    close() { begun.push(["closed", this]); }
  };
  window.onconnect = null;
  await import('/desk/stream.js?as=tested');
  const said = [];
  const come = (name, message) => {
    const port = { postMessage: ([kind]) => said.push([name, kind]) };
    window.onconnect({ ports: [port] });
    port.onmessage({ data: message });
    return port;
  };
  const hear = (kind, id) => {
    const one = begun.filter(([path]) => path !== 'closed').at(-1)[1];
    one.dispatchEvent(kind === 'open' ? new Event(kind) : new MessageEvent(kind, { data: '{}', lastEventId: id }));
  };
  come('board', { since: 'e.1' });
  hear('open');
  hear('board', 'e.7');
  const first = come('btc', { since: 'now', pair: 'BTC/USDT' });
  hear('open');
  hear('board', 'e.9');
  come('btc again', { since: 'now', pair: 'BTC/USDT' });
  first.onmessage({ data: 'bye' });
  come('eth', { since: 'now', pair: 'ETH/USDT' });
  window.shared = [begun.map(([path]) => path), said];
})()) && window.shared"""


def test_pages_share_one_stream_that_tells_the_candles_of_each(desk):
    page, (_, (begun, said)) = desk("/tape", "Boolean(document.getElementById('tape'))", SHARED)
    assert begun == [
        "/desk/events?since=e.1", "closed", "/desk/events?since=e.7&pair=BTC%2FUSDT", "closed",
        "/desk/events?since=e.9&pair=BTC%2FUSDT&pair=ETH%2FUSDT",
    ]  # fmt: skip
    # who comes later is told at once what is known
    assert said[:4] == [["board", "open"], ["board", "board"], ["btc", "open"], ["btc", "board"]]
    assert complaints(page) == []


def test_without_shared_workers_a_page_has_a_stream_of_its_own(desk):
    page, (_, worker, once, cell) = desk(
        "/", ROWS, "typeof SharedWorker", "coinmonDesk.connected === 1 && coinmonDesk.events > 2 && 1",
        "document.querySelector('.board-row [data-cell=price]').textContent", before="delete window.SharedWorker",
    )  # fmt: skip
    asked = [
        each["params"]["request"]["url"] for each in page.heard if each.get("method") == "Network.requestWillBeSent"
    ]
    assert worker == "undefined"
    assert once == 1
    assert cell
    assert [url.rsplit("/", 1)[1] for url in asked if "/events" in url] == ["events.js", "events"]
    assert complaints(page) == []
