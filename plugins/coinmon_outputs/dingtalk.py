"""DingTalk group robots (钉钉自定义机器人)."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode, urlsplit

from pydantic import Field, SecretStr

from coinmon import Message, hookimpl
from coinmon_outputs._markdown import blocks, cut, pages_everyone, title
from coinmon_outputs._robot import Robot, Webhook

_BYTES = 18_000
"""Of text as JSON writes it; the robot takes 20,000 in all."""
_THROTTLED = (130101, 410100)
_WEBHOOK = "check outputs.{name}.webhook against the robot's settings in the group"
_CURES: Mapping[int | str, str] = {
    "keyword": "make `coinmon` a keyword of the robot; every message contains it",
    "sign not match": "check the secret against the robot's settings",
    "签名不匹配": "check the secret against the robot's settings",
    "timestamp": "set this machine's clock; it is more than an hour off",
    "whitelist": "add this machine's address to the robot's list",
    300001: _WEBHOOK,
    300005: _WEBHOOK,
    400101: _WEBHOOK,
    400106: _WEBHOOK,
    400013: "the group is gone; make a robot in another one",
    400102: "the robot is stopped; start it in the group's settings",
    460101: "the message is too long",
}


class DingTalk:
    """Sends signals and whale trades to a DingTalk group robot."""

    wants = frozenset({"signal", "whale"})
    default = False

    def __init__(
        self,
        name: str,
        *,
        webhook: Annotated[Webhook, Field(description="the robot's address, with its access_token")],
        secret: Annotated[SecretStr | None, Field(description="of a signed robot: SEC...")] = None,
        at_all: Annotated[bool, Field(description="page everyone for grades A+ and A and a strong consensus")] = True,
        lang: Annotated[Literal["zh", "en"] | None, Field(description="language of the messages")] = None,
        proxy: Annotated[str | None, Field(description="for this robot")] = None,
        timeout: Annotated[float, Field(gt=0, description="seconds to wait for an answer")] = 10.0,
    ) -> None:
        self._url = webhook.get_secret_value().strip()
        self._secret = secret.get_secret_value().strip() if secret else ""
        self._at_all = at_all
        self._lang = lang or "zh"
        token = urlsplit(self._url).query.partition("access_token=")[2].partition("&")[0]
        self._robot = Robot(
            name,
            throttled=_THROTTLED,
            cures={key: cure.format(name=name) for key, cure in _CURES.items()},
            secrets=(self._url, token, self._secret),
            proxy=proxy,
            timeout=timeout,
        )

    async def send(self, message: Message) -> None:
        groups = blocks(message.event, self._lang, message.id)
        # a line break needs two spaces before it here; a single one is folded into a space
        text = "\n\n".join("  \n".join(group) for group in groups)
        text = cut(text, _BYTES, self._lang, lambda part: json.dumps(part, ensure_ascii=False))
        body = {
            "msgtype": "markdown",
            "markdown": {"title": title(message.event, self._lang), "text": text},
            "at": {"isAtAll": self._at_all and pages_everyone(message.event)},
        }
        await self._robot.post(self._signed(), body)

    def _signed(self) -> str:
        """The address with the time and its signature, percent-encoded exactly once."""
        if not self._secret:
            return self._url
        # the robot compares with its own clock: this is the machine's time, not the market's
        timestamp = str(round(time.time() * 1000))
        digest = hmac.new(self._secret.encode(), f"{timestamp}\n{self._secret}".encode(), hashlib.sha256).digest()
        signed = urlencode(
            {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}, quote_via=quote, safe=""
        )
        return f"{self._url}{'&' if '?' in self._url else '?'}{signed}"


@hookimpl
def register_outputs(register: Any) -> None:
    register("dingtalk", DingTalk)
