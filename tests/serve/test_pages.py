"""What is served besides MCP, and who is let in."""

import asyncio
import time
from typing import Any

import httpx
import pytest

from coinmon_mcp._http.access import Access, Rules, is_loopback
from coinmon_mcp._http.web import web_app
from coinmon_mcp._service import Service
from tests.serve.conftest import Stored


def test_health_says_how_fresh_each_venue_is(address: str) -> None:
    until = time.monotonic() + 10
    # the look after the scan's end is a moment later
    while "coinbase" not in (answer := httpx.get(f"{address}/healthz")).json()["venues"] and time.monotonic() < until:
        time.sleep(0.05)
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert set(answer.json()["venues"]) == {"binance", "okx", "bybit", "coinbase"}


def test_metrics_are_in_the_format_of_prometheus(address: str) -> None:
    page = httpx.get(f"{address}/metrics").text
    assert 'coinmon_venue_age_seconds{venue="okx"}' in page


def test_the_first_event_of_sse_names_where_to_post(address: str) -> None:
    with httpx.stream("GET", f"{address}/sse") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "event: endpoint"
        assert next(lines).startswith("data: /messages/?session_id=")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"host": "localhost:1"}, 200),
        ({"host": "evil.example"}, 421),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://localhost:5173"}, 200),
    ],
)
def test_pages_of_other_sites_are_not_answered(address: str, headers: dict[str, str], status: int) -> None:
    assert httpx.get(address, headers=headers).status_code == status


def test_a_body_that_is_too_large_is_refused(address: str) -> None:
    answer = httpx.post(
        f"{address}/mcp", content=b"{" + b" " * 300_000 + b"}", headers={"content-type": "application/json"}
    )
    assert answer.status_code == 413


def statuses(rules: Rules, requests: list[dict[str, str]], path: str = "/") -> list[int]:
    """What each request, given by its headers, is answered."""
    found: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            found.append(message["status"])

    async def run() -> None:
        access = Access(app, rules)
        for headers in requests:
            raw = [(name.encode(), value.encode()) for name, value in headers.items()]
            scope = {"type": "http", "path": path, "headers": raw, "client": ("192.0.2.1", 1)}
            await access(scope, None, send)  # type: ignore[arg-type]

    asyncio.run(run())
    return found


def test_a_token_is_asked_of_everything_but_health() -> None:
    rules = Rules.of("0.0.0.0", None, "correct horse", 100)
    right = {"host": "x", "authorization": "Bearer correct horse"}
    wrong = {"host": "x", "authorization": "Bearer battery"}
    assert statuses(rules, [right, wrong, {"host": "x"}]) == [200, 401, 401]
    assert statuses(rules, [{"host": "x"}], "/healthz") == [200]


def test_who_asks_too_often_waits() -> None:
    rules = Rules.of("127.0.0.1", None, None, 1)
    assert statuses(rules, [{"host": "localhost"}] * 12)[-2:] == [429, 429]


def test_behind_a_proxy_its_name_is_ours() -> None:
    rules = Rules.of("127.0.0.1", "https://desk.example/coinmon", None, 100)
    assert statuses(rules, [{"host": "desk.example", "origin": "https://desk.example"}]) == [200]


def test_loopback() -> None:
    assert [is_loopback(each) for each in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "10.0.0.1")] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_a_host_that_is_none_is_refused_and_no_error() -> None:
    rules = Rules.of("127.0.0.1", None, None, 100)
    odd = ["http://[::1", "null", "http://", "//localhost", "x" * 500]
    assert statuses(rules, [{"host": "localhost", "origin": each} for each in odd]) == [403] * len(odd)
    assert statuses(rules, [{"host": "[::1"}, {"host": ""}]) == [421, 421]


def test_without_a_token_no_name_that_a_page_can_have_reaches_us() -> None:
    """DNS rebinding: the page's own name is made to mean our address."""
    rules = Rules.of("0.0.0.0", "https://desk.example/coinmon", None, 100)
    hosts = ["evil.example", "evil.example:8022", "192.168.1.7.evil.example", "127.0.0.1.nip.io"]
    assert statuses(rules, [{"host": each, "origin": f"http://{each}"} for each in hosts]) == [421] * len(hosts)
    ours = ["192.168.1.7:8022", "[fe80::1]:8022", "localhost", "desk.example"]
    assert statuses(rules, [{"host": each} for each in ours]) == [200] * len(ours)
    assert statuses(rules, [{"host": "192.168.1.7:8022", "origin": "http://evil.example"}]) == [403]


def test_tokens_cannot_be_guessed_quickly() -> None:
    rules = Rules.of("0.0.0.0", None, "correct horse", 1e6)
    guesses = [{"host": "x", "authorization": f"Bearer {number}"} for number in range(1000)]
    right = {"host": "x", "authorization": "Bearer correct horse"}
    found = statuses(rules, [right, *guesses, right])
    assert found[0] == 200
    assert found.count(401) <= 11
    assert found[-1] == 429, "else a guess that is right would be told all the same"
    assert statuses(rules, [{"host": "x"}] * 50) == [401] * 50, "no token is no guess"


def test_where_a_token_is_set_health_says_ok_or_not_and_nothing_else(stored: Stored) -> None:
    service = Service(stored.desk, scan=False)
    rules = Rules.of("0.0.0.0", None, "correct horse", 100)
    right = {"authorization": "Bearer correct horse"}

    async def ask() -> list[httpx.Response]:
        app = web_app(service, rules)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client,
        ):
            for _ in range(200):
                # a busy machine's first look takes a while
                if (await client.get("/healthz", headers=right)).json()["status"] != "starting":
                    break
                await asyncio.sleep(0.05)
            asked = [("/healthz", {}), ("/healthz", right), ("/metrics", {}), ("/metrics", right)]
            return [await client.get(path, headers=headers) for path, headers in asked]

    terse, full, unseen, seen = asyncio.run(ask())
    assert terse.json() == {"status": "ok"}
    assert full.json()["venues"]
    assert (unseen.status_code, seen.status_code) == (401, 200)
