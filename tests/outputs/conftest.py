"""Group robots on loopback that look as closely as the real ones do: signature, time, size, type."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from aiohttp import web

from coinmon import Message

EVIDENCE = {
    "venues": {
        "binance": {"net_flow": 500_000.0, "ratio": 1.4, "coverage": 1.0},
        "okx": {"net_flow": -200_000.0, "ratio": 0.8, "coverage": 0.96},
        "coinbase": {"net_flow": None, "ratio": None, "coverage": 0.2},
    },
    "left_out": {"bybit": {"zh": "12/50 分钟", "en": "12 of 50 minutes"}},
    "currency": "USDT",
    "window_minutes": 50,
    "consensus": "strong_bull",
}
SIGNAL = {
    "event": "signal",
    "id": "sig-1",
    "time": "2025-12-12T17:00:00Z",
    "pair": "BTC/USDT",
    "signal": "global_sync_bullish",
    "grade": "A+",
    "direction": "bullish",
    "title": {"zh": "全球协同看涨", "en": "Global Sync Bullish"},
    "reading": {"zh": "主力资金全平台吸筹，市场做多情绪一致。", "en": "Big money accumulates everywhere."},
    "advice": {"zh": "适合追涨或加仓。", "en": "Follow or add."},
    "evidence": EVIDENCE,
    "situation": {
        "instrument": "binance:BTC/USDT",
        "minutes": 50,
        "price": 96_409.0,
        "change_pct": 0.58,
        "open_interest": {"binance": 1.204, "okx": -0.3},
        "funding": {"binance": 0.0001},
        "support": {
            "name": "pdVAL",
            "title": {"zh": "昨日 VAL", "en": "pdVAL"},
            "price": 95_800.0,
            "distance_pct": -0.6317,
        },
        "resistance": {"name": "dVAH", "price": 97_000.0, "distance_pct": 0.613},
    },
}
WHALE = {
    "event": "whale",
    "id": "whale-1",
    "time": "2025-12-12T17:00:00.250Z",
    "pair": "BTC/USDT",
    "venue": "binance",
    "instrument": "binance:BTC/USDT",
    "side": "buy",
    "price": 42_150.0,
    "base": 12.4,
    "quote": 523_450.0,
    "trade_id": 77,
}


class Robot(ABC):
    """What arrived, and what it answers: one scripted answer after the other, then what it thinks itself.

    A scripted answer is a JSON object, or (status, text, headers).
    """

    def __init__(self, path: str) -> None:
        self.path, self.url = path, ""
        self.seen: list[dict[str, Any]] = []
        self.queries: list[str] = []
        self.answers: list[Any] = []

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.queries.append(request.rel_url.raw_query_string)
        complaint = self.complaint(request, body)
        if complaint is None:
            self.seen.append(json.loads(body))
        if self.answers:
            given = self.answers.pop(0)
            if isinstance(given, tuple):
                status, text, headers = given
                return web.Response(status=status, text=text, headers=headers)
            return web.json_response(given)
        code, text = complaint or (0, "ok")
        return web.json_response({"errcode": code, "errmsg": text})

    @abstractmethod
    def complaint(self, request: web.Request, body: bytes) -> tuple[int, str] | None:
        """Code and words with which the real robot would refuse a request; None for one that it takes."""


class DingTalkRobot(Robot):
    token, secret = "tok123", "SECabc"

    def complaint(self, request: web.Request, body: bytes) -> tuple[int, str] | None:
        if request.method != "POST":
            return 43002, "require post"
        if request.content_type != "application/json":
            return 43004, "wrong content type"
        if request.query.get("access_token") != self.token:
            return 300005, "token is not exist"
        if self.secret:
            stamp = request.query.get("timestamp", "0")
            if abs(time.time() * 1000 - int(stamp)) > 3_600_000:
                return 310000, "invalid timestamp"
            digest = hmac.new(self.secret.encode(), f"{stamp}\n{self.secret}".encode(), hashlib.sha256).digest()
            if request.query.get("sign") != base64.b64encode(digest).decode():
                return 310000, "sign not match"
        if len(body) > 20_000:
            return 460101, "message too long, exceed 20000 bytes"
        message = json.loads(body)
        if message["msgtype"] != "markdown":
            return 400105, "msgtype unsupported"
        if not message["markdown"].get("title") or not message["markdown"].get("text"):
            return 40035, "missing parameter"
        return None


class WeComRobot(Robot):
    key = "0b1c-key"

    def complaint(self, request: web.Request, body: bytes) -> tuple[int, str] | None:
        if request.query.get("key") != self.key:
            return 93000, "invalid webhook url, hint: [1]"
        message = json.loads(body)
        kind = message["msgtype"]
        if kind == "image":
            picture = base64.b64decode(message["image"]["base64"], validate=True)
            if hashlib.md5(picture).hexdigest() != message["image"]["md5"]:
                return 301019, "media md5 not match"
            small = len(picture) <= 2 * 1024 * 1024 and picture.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"))
            return None if small else (40009, "invalid image size")
        content = message[kind]["content"]
        limit = {"markdown": 4096, "markdown_v2": 4096, "text": 2048}[kind]
        if len(content.encode()) > limit:
            return 40058, f"{kind}.content exceed max length {limit}"
        if kind == "markdown" and "mentioned_list" in message[kind]:
            return 40035, "mentions are for text"
        return None


@pytest.fixture
def send() -> Callable[..., None]:
    """Sends events to an output, as messages m0, m1 and so on."""

    def run(output: Any, *events: Any) -> None:
        async def main() -> None:
            for number, event in enumerate(events):
                await output.send(Message(f"m{number}", event))

        asyncio.run(main())

    return run


Talk = Callable[[Robot], Coroutine[Any, Any, Any]]


@pytest.fixture
def with_robot(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs `talk(robot)` while the robot listens, with no proxies in the environment."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)

    def run(robot: Robot, talk: Talk) -> Any:
        async def main() -> Any:
            app = web.Application()
            app.router.add_route("*", robot.path, robot.answer)
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            port = runner.addresses[0][1]
            robot.url = f"http://127.0.0.1:{port}{robot.path}"
            try:
                return await talk(robot)
            finally:
                await runner.cleanup()

        return asyncio.run(main())

    return run


@pytest.fixture
def dingtalk_robot() -> DingTalkRobot:
    return DingTalkRobot("/robot/send")


@pytest.fixture
def wecom_robot() -> WeComRobot:
    return WeComRobot("/cgi-bin/webhook/send")


@pytest.fixture
def message() -> Callable[..., Message]:
    """A message about an event, with changes to it; a signal of grade A+ unless said."""

    def make(kind: str = "signal", **changes: Any) -> Message:
        event = {**(SIGNAL if kind == "signal" else WHALE), **changes}
        return Message(event["id"], event)

    return make
