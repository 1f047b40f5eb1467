"""Who gets the desk, and what an address that makes no sense is answered."""

import re
from urllib.parse import quote

import httpx
import pytest

# a server that scans has to start first
pytestmark = pytest.mark.timeout(300)

HTML = {"accept": "text/html,application/xhtml+xml"}
TOKEN = "correct horse"
BEARER = {"authorization": f"Bearer {TOKEN}"}
WORDS = ["", "NOPE", "BTC", "<script>", "..%2F..%2Fetc", "%00", "a" * 300, "binance:", "币", "okx:BTC/USDT:USDT:X"]
QUERIES = [
    "at=yesterday", "at=2999-01-01T00:00:00Z", "at=1900-01-01T00:00:00Z", "at=99999999999999999999", "at=%00", "at=<b>",
    "market=nowhere", "lang=xx", "zone=Mars/Base", "from=x", "candle=7m",
]  # fmt: skip


@pytest.fixture(scope="module")
def entered(server):
    with httpx.Client(base_url=server.address, headers=HTML) as client:
        assert client.post("/login", data={"token": TOKEN}).status_code == 303
        yield client


def test_who_does_not_ask_for_html_gets_the_json_of_before(server):
    answer = httpx.get(server.address, headers=BEARER)
    assert answer.json()["mcp"] == {"streamable_http": "/mcp", "sse": "/sse"}
    assert httpx.get(server.address).status_code == 401


def test_a_browser_without_the_token_is_sent_to_the_form_and_back(server):
    with httpx.Client(base_url=server.address, headers=HTML) as client:
        sent = client.get("/pair/BTCUSDT?at=2026-01-15T11:40:00Z")
        assert sent.status_code == 303
        form = client.get(sent.headers["location"])
        assert 'type="password"' in form.text
        action = re.search(r'action="([^"]+)"', form.text)[1].replace("&amp;", "&")
        assert client.post(action, data={"token": "battery"}).status_code == 401
        back = client.post(action, data={"token": TOKEN})
        assert back.headers["location"] == "/pair/BTCUSDT?at=2026-01-15T11:40:00Z"
        cookie = back.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert TOKEN not in cookie
        assert client.get(back.headers["location"]).status_code == 200


def test_the_form_sends_nobody_to_another_host(server):
    for target in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"):
        answer = httpx.post(f"{server.address}/login?next={quote(target)}", data={"token": TOKEN}, headers=HTML)
        assert answer.headers["location"] == "/"


@pytest.mark.parametrize("path", ["/desk/events", "/desk/board.json", "/desk/scene.json", "/tape", "/desk/desk.js"])
def test_nothing_but_the_form_is_open(server, path):
    assert httpx.get(server.address + path).status_code == 401


def test_host_and_origin_are_checked_as_for_all_else(entered):
    assert entered.get("/", headers={"host": "evil.example"}).status_code == 421
    assert entered.get("/", headers={"origin": "https://evil.example"}).status_code == 403
    assert entered.post("/login", data={"token": TOKEN}, headers={"origin": "https://evil.example"}).status_code == 403


@pytest.mark.parametrize("path", ["/", "/tape", "/state", "/pair/BTCUSDT", "/login", "/pair/NOPE"])
def test_no_document_has_script_or_style_in_it(entered, path):
    answer = entered.get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy or answer.status_code == 303
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", answer.text)


def test_a_hundred_malformed_addresses_say_what_is_wrong(entered):
    tried = 0
    for word in WORDS:
        for query in QUERIES:
            answer = entered.get(f"/pair/{word}?{query}")
            tried += 1
            assert answer.status_code in (400, 404), (word, query)
            reason = re.search(r'id="reason">([^<]+)<', answer.text)
            assert reason, (word, query, answer.text[:300])
            assert "Traceback" not in answer.text
            data = entered.get(f"/desk/scene.json?symbol={word}&{query}")
            assert data.status_code in (400, 404)
            assert data.json()["error"]
    assert tried == 110


@pytest.mark.parametrize("name", ["sheet.js", "board.js", "desk.css", "icon.svg"])
def test_a_browser_that_has_a_file_is_told_so(entered, name):
    first = entered.get(f"/desk/{name}")
    assert first.headers["content-encoding"] == "gzip"
    assert first.text == entered.get(f"/desk/{name}", headers={"accept-encoding": "identity"}).text
    again = entered.get(f"/desk/{name}", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert entered.get(f"/desk/{name}", headers={"if-none-match": '"another"'}).status_code == 200


MODULE = re.compile(r'"\./([a-z]+\.js)"')


@pytest.mark.parametrize("page", ["board", "pair", "tape", "state"])
def test_the_first_view_is_small(entered, page):
    """The document, the style, and every module that the page's own imports; its data too."""

    def fetched(path):
        # as it travels
        with entered.stream("GET", path, headers={"accept-encoding": "gzip"}) as answer:
            return b"".join(answer.iter_raw())

    sizes, wanted = {}, ["desk.js", "stream.js", f"{page}.js"]
    pages = {f"{each}.js" for each in ("board", "pair", "tape", "state")} - {f"{page}.js"}
    while wanted:
        name = wanted.pop()
        if name not in sizes and name not in pages:
            sizes[name] = len(fetched(f"/desk/{name}"))
            wanted += MODULE.findall(entered.get(f"/desk/{name}").text)
    data = {"board": "board.json", "pair": "scene.json?symbol=BTCUSDT", "tape": "tape.json", "state": "state.json"}
    path = {"board": "/", "pair": "/pair/BTCUSDT"}.get(page, f"/{page}")
    for each in (path, "/desk/desk.css", "/desk/icon.svg", f"/desk/{data[page]}"):
        sizes[each] = len(fetched(each))
    assert {"desk.js", "events.js", "stream.js", "sheet.js", "draw.js", "scale.js"} <= sizes.keys()
    assert sum(sizes.values()) <= 300_000, sizes
