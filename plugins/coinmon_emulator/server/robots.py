"""Group robots on loopback that look as closely as the real ones do: signature, time, size, rate, type.

Written from the robots' documentation alone. They answer HTTP 200 with an error code, as the real ones do; the webhook
is an ordinary server with HTTP statuses.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

MINUTE, BAN = 60.0, 600.0
TOKEN, SECRET = "demo-token", "SEC0123456789abcdef0123456789abcdef"
_SKEW_MS = 3_600_000
_MAX_PICTURE_BYTES = 2 * 1024 * 1024
_BEGINNINGS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
"""Of a PNG and of a JPG."""

RobotRefusal = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that a robot took. at: by the robot's clock, seconds."""

    robot: str
    at: float
    title: str
    text: str
    pages_all: bool
    body: Mapping[str, Any]


@dataclass(slots=True)
class Rate:
    """At most `most` in `window` seconds; beyond it nothing for `ban` seconds."""

    most: int
    window: float = MINUTE
    ban: float = 0.0
    times: deque[float] = field(default_factory=deque)
    banned_until: float = 0.0

    def admits(self, now: float) -> bool:
        if now < self.banned_until:
            return False
        while self.times and now - self.times[0] >= self.window:
            self.times.popleft()
        if len(self.times) >= self.most:
            self.banned_until = now + self.ban
            return False
        self.times.append(now)
        return True


class Robots:
    """The four robots. `trouble`: asked before each answer for what shall go wrong.

    Kinds of trouble: `500` and `throttle` (not taken), `busy`, `timeout` and `cut` (taken, and no answer arrives),
    `cut-before` (not taken, no answer).
    """

    def __init__(
        self,
        tell: Callable[[Arrival], None] = lambda arrival: None,
        clock: Callable[[], float] = time.time,
        trouble: Callable[[str], str | None] = lambda robot: None,
        *,
        keyword: str = "",
        secret: str = SECRET,
        patience: float = 3600.0,
    ) -> None:
        self.arrivals: list[Arrival] = []
        self.keyword, self.secret, self.patience = keyword, secret, patience
        self._tell, self._clock, self._trouble = tell, clock, trouble
        self.rates = {
            "dingtalk": [Rate(20, ban=BAN)],
            "wecom": [Rate(20)],
            "feishu": [Rate(100), Rate(5, 1.0)],
            "webhook": [],
        }

    def attach(self, application: web.Application) -> None:
        application.router.add_route("*", "/robots/dingtalk/robot/send", self._dingtalk)
        application.router.add_route("*", "/robots/wecom/cgi-bin/webhook/send", self._wecom)
        application.router.add_route("*", "/robots/feishu/open-apis/bot/v2/hook/{token}", self._feishu)
        application.router.add_route("*", "/robots/webhook/events", self._webhook)

    def settings(self, url: str) -> dict[str, dict[str, Any]]:
        """The outputs that lead here."""
        return {
            "dingtalk": {"webhook": f"{url}/robots/dingtalk/robot/send?access_token={TOKEN}", "secret": self.secret},
            "wecom": {"webhook": f"{url}/robots/wecom/cgi-bin/webhook/send?key={TOKEN}"},
            "feishu": {"webhook": f"{url}/robots/feishu/open-apis/bot/v2/hook/{TOKEN}", "secret": self.secret},
            "webhook": {"webhook": f"{url}/robots/webhook/events", "secret": self.secret},
        }

    async def _dingtalk(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, "dingtalk", self._dingtalk_refusal, "errcode", "errmsg")

    async def _wecom(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, "wecom", self._wecom_refusal, "errcode", "errmsg")

    async def _feishu(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, "feishu", self._feishu_refusal, "code", "msg")

    async def _webhook(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, "webhook", self._webhook_refusal, "code", "msg")

    async def _answer(
        self,
        request: web.Request,
        robot: str,
        refusal: Callable[[web.Request, bytes], RobotRefusal | None],
        code: str,
        text: str,
    ) -> web.StreamResponse:
        try:
            body = await request.read()
        except ConnectionError:
            # whoever was sending is gone; there is nobody to answer
            return web.Response()
        trouble = self._trouble(robot)
        if trouble == "500":
            return web.Response(status=500, text="oops")
        if trouble == "cut-before":
            return await self._hang_up(request, 0.0)
        refused = refusal(request, body)
        limited = None if refused else self._too_fast(robot, throttled=trouble == "throttle")
        if trouble == "busy" and not refused:
            limited = (-1, "system busy")
        refused = refused or limited
        if refused is None:
            arrival = _arrival(robot, self._clock(), orjson.loads(body))
            self.arrivals.append(arrival)
            self._tell(arrival)
        if trouble in ("timeout", "cut"):
            return await self._hang_up(request, self.patience if trouble == "timeout" else 0.0)
        if robot == "webhook":
            return web.Response(status=refused[0] if refused else 204)
        number, words = refused or (0, "ok")
        return web.Response(body=orjson.dumps({code: number, text: words}), content_type="application/json")

    @staticmethod
    async def _hang_up(request: web.Request, after: float) -> web.StreamResponse:
        await asyncio.sleep(after)
        if request.transport is not None:
            request.transport.close()
        return web.Response()

    def _too_fast(self, robot: str, *, throttled: bool) -> RobotRefusal | None:
        admitted = [rate.admits(self._clock()) for rate in self.rates[robot]]
        if all(admitted) and not throttled:
            return None
        return {
            "dingtalk": (130101, "send too fast, exceed 20 times per minute"),
            "wecom": (45009, "api freq out of limit"),
            "feishu": (11232, "frequency limited psm"),
            "webhook": (429, ""),
        }[robot]

    def _dingtalk_refusal(self, request: web.Request, body: bytes) -> RobotRefusal | None:
        if request.method != "POST":
            return 43002, "require post"
        if request.content_type != "application/json":
            return 43004, "invalid content type"
        if request.query.get("access_token") != TOKEN:
            return 300005, "token is not exist"
        if len(body) > 20_000:
            return 460101, "message too long, exceed 20000 bytes"
        if self.secret:
            stamp = request.query.get("timestamp", "")
            if not stamp.isdigit() or abs(self._clock() * 1000 - int(stamp)) > _SKEW_MS:
                return 310000, "invalid timestamp"
            if request.query.get("sign") != _digest(self.secret.encode(), f"{stamp}\n{self.secret}".encode()):
                return 310000, "sign not match"
        if self.keyword and self.keyword not in body.decode("utf-8", "replace"):
            return 310000, "keywords not in content"
        message = _json(body)
        kind = message.get("msgtype")
        if kind not in ("text", "markdown", "link", "actionCard", "feedCard"):
            return 400105, "unsupported msgtype"
        inner = message.get(kind)
        needed = {"markdown": ("title", "text"), "text": ("content",)}.get(kind, ())
        if not isinstance(inner, dict) or not all(inner.get(name) for name in needed):
            return 40035, "missing parameter"
        return None

    def _wecom_refusal(self, request: web.Request, body: bytes) -> RobotRefusal | None:
        if request.query.get("key") != TOKEN:
            return 93000, "invalid webhook url, hint: [1]"
        message = _json(body)
        kind = str(message.get("msgtype"))
        if kind == "image":
            return _picture_refusal(message.get("image"))
        limit = {"text": 2048, "markdown": 4096, "markdown_v2": 4096}.get(kind)
        if limit is None:
            return 40008, "invalid message type"
        inner = message.get(kind)
        content = inner.get("content") if isinstance(inner, dict) else None
        if not isinstance(content, str) or not content:
            return 44004, "empty content"
        if len(content.encode()) > limit:
            return 40058, f"{kind}.content exceed max length {limit}"
        return None

    def _feishu_refusal(self, request: web.Request, body: bytes) -> RobotRefusal | None:
        if request.match_info["token"] != TOKEN:
            return 19001, "param invalid: incoming webhook access token invalid"
        message = _json(body)
        if self.secret:
            stamp = str(message.get("timestamp", ""))
            fresh = stamp.isdigit() and abs(self._clock() - int(stamp)) <= _SKEW_MS / 1000
            if not fresh or message.get("sign") != _digest(f"{stamp}\n{self.secret}".encode(), b""):
                return 19021, "sign match fail or timestamp is not within one hour from current time"
        if self.keyword and self.keyword not in body.decode("utf-8", "replace"):
            return 19024, "Key Words Not Found"
        if len(body) > 20_480 or message.get("msg_type") not in ("text", "post", "interactive", "image"):
            return 9499, "Bad Request"
        return None

    def _webhook_refusal(self, request: web.Request, body: bytes) -> RobotRefusal | None:
        if request.method != "POST":
            return 405, ""
        stamp = request.headers.get("X-Coinmon-Timestamp", "")
        digest = hmac.new(self.secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        if self.secret and request.headers.get("X-Coinmon-Signature") != f"sha256={digest}":
            return 401, ""
        return None if _json(body) else (400, "")


def _picture_refusal(image: Any) -> RobotRefusal | None:
    if not isinstance(image, dict):
        return 44004, "empty content"
    try:
        picture = base64.b64decode(str(image.get("base64")), validate=True)
    except ValueError:
        return 301019, "media md5 not match"
    if hashlib.md5(picture, usedforsecurity=False).hexdigest() != image.get("md5"):
        return 301019, "media md5 not match"
    if len(picture) > _MAX_PICTURE_BYTES or not picture.startswith(_BEGINNINGS):
        return 40009, "invalid image size"
    return None


def _arrival(robot: str, at: float, body: Mapping[str, Any]) -> Arrival:
    title, pages = "", False
    if robot == "feishu":
        post = body["content"]["post"]["zh_cn"]
        title, words = post["title"], [each for line in post["content"] for each in line]
        text = "\n".join(each["text"] for each in words if each["tag"] == "text")
        pages = any(each["tag"] == "at" and each["user_id"] == "all" for each in words)
    elif robot == "webhook":
        title, text = str(body.get("event")), orjson.dumps(body).decode()
    elif body["msgtype"] == "image":
        text = f"(a picture, {len(base64.b64decode(body['image']['base64'])):,} bytes)"
    else:
        inner = body[body["msgtype"]]
        title, text = inner.get("title", ""), inner.get("text") or inner.get("content")
        pages = body.get("at", {}).get("isAtAll", False) or "@all" in inner.get("mentioned_list", ())
    return Arrival(robot, at, title, str(text), bool(pages), body)


def _digest(key: bytes, message: bytes) -> str:
    return base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()


def _json(body: bytes) -> dict[str, Any]:
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return message if isinstance(message, dict) else {}
