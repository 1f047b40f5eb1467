"""What is served besides MCP, and who is let in."""

import asyncio
from typing import Any

import httpx
import pytest

from coinmon_mcp._http.access import Access, Rules, is_loopback


def test_health_says_how_fresh_each_venue_is(address: str) -> None:
    answer = httpx.get(f"{address}/healthz")
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
