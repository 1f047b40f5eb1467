"""DingTalk group robots (钉钉自定义机器人)."""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote, urlencode, urlsplit

from pydantic import Field, SecretStr

from coinmon.output import Message, hookimpl
from coinmon_outputs._facts import pages_everyone
from coinmon_outputs._robot import AtAll, Robot, Webhook, identity, rules
from coinmon_outputs._split import json_size, split
from coinmon_outputs._writer import Lang, Template, Templates, Writer, Zone

_BYTES = 18_000
"""Of text as JSON writes it; the robot takes 20,000 in all."""
_THROTTLED = (130101, 410100)
_TOO_LONG = (460101,)
_WEBHOOK = "check outputs.{name}.webhook against the robot's settings in the group"
_SECRET = "check outputs.{name}.secret against the robot's settings"
_UNSIGNED = "the robot asks for a signature (加签): set outputs.{name}.secret to the SEC... of its settings"
_CURES: Mapping[int | str, str] = {
    "keyword": "make `coinmon` a keyword of the robot, or set outputs.{name}.keyword to one it has",
    "sign not match": _SECRET,
    "签名不匹配": _SECRET,
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

_WITHOUT_SECRET: Mapping[int | str, str] = dict.fromkeys(("sign not match", "签名不匹配", "timestamp"), _UNSIGNED)


class DingTalk:
    """Sends signals and whale trades to a DingTalk group robot."""

    wants = frozenset({"signal", "signal_ended", "whale"})
    digests = frozenset({"B+", "B"})
    default = False

    def __init__(
        self,
        name: str,
        *,
        webhook: Annotated[Webhook, Field(description="the robot's address, with its access_token")],
        secret: Annotated[SecretStr | None, Field(description="of a signed robot: SEC...")] = None,
        keyword: Annotated[str | None, Field(description="of a robot that asks for one; it ends every message")] = None,
        at_all: AtAll = True,
        mobiles: Annotated[tuple[str, ...] | None, Field(description="members paged instead of everyone")] = None,
        lang: Lang = None,
        timezone: Zone = None,
        template: Template = "full",
        templates: Templates = None,
        proxy: Annotated[str | None, Field(description="for this robot")] = None,
        timeout: Annotated[float, Field(gt=0, description="seconds to wait for an answer")] = 10.0,
    ) -> None:
        self._url = webhook.get_secret_value().strip()
        self.robot = identity(self._url)
        self._secret = secret.get_secret_value().strip() if secret else ""
        self._foot = f"{keyword} · coinmon" if keyword else "coinmon"
        self._mobiles = mobiles or ()
        self._rules = rules(at_all)
        self._writer = Writer(name, lang, timezone, templates, template=template)
        token = urlsplit(self._url).query.partition("access_token=")[2].partition("&")[0]
        cures = _CURES if self._secret else {**_CURES, **_WITHOUT_SECRET}
        self._robot = Robot(
            name,
            throttled=_THROTTLED,
            too_long=_TOO_LONG,
            cures={key: cure.format(name=name) for key, cure in cures.items()},
            secrets=(self._url, token, self._secret),
            proxy=proxy,
            timeout=timeout,
        )

    def parts(self, message: Message) -> int:
        return len(self._bodies(message))

    async def send(self, message: Message) -> None:
        bodies = self._bodies(message)
        for body in bodies if message.part is None else bodies[message.part : message.part + 1]:
            await self._robot.post(self._signed(), body)

    def _bodies(self, message: Message) -> list[dict[str, Any]]:
        event = message.event
        page = pages_everyone(event, self._rules)
        # a line break needs two spaces before it here; a single one is folded into a space
        text = "\n\n".join("  \n".join(each.split("\n")) for each in self._writer.text(event).split("\n\n"))
        tail = f"{self._foot} · {message.id}"
        if page and self._mobiles:
            # a number pages nobody unless the text has it
            tail = f"{' '.join(f'@{each}' for each in self._mobiles)}  \n{tail}"
        most = 20 if event.get("event") == "digest" else 3
        texts = split(text, int(_BYTES * self._robot.fit), tail, json_size, round(most / self._robot.fit))
        return [
            {
                "msgtype": "markdown",
                "markdown": {"title": self._writer.title(event)[:100], "text": part},
                "at": {
                    "isAtAll": page and not self._mobiles and number == 0,
                    **({"atMobiles": list(self._mobiles)} if page and self._mobiles and number == 0 else {}),
                },
            }
            for number, part in enumerate(texts)
        ]

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
