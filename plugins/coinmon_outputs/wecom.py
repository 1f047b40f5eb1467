"""WeCom group robots (企业微信群机器人)."""

import asyncio
import base64
import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field

from coinmon.output import DeliveryRefused, DeliveryRetry, DeliveryThrottled, Message, hookimpl
from coinmon_outputs._chart import can_draw, draw
from coinmon_outputs._facts import pages_everyone
from coinmon_outputs._plain import without_markdown
from coinmon_outputs._robot import AtAll, Robot, Webhook, identity, rules
from coinmon_outputs._split import plain_size, split
from coinmon_outputs._writer import Lang, Template, Templates, Writer, Zone, plain

_BYTES = {"markdown": 4_000, "markdown_v2": 4_000, "text": 2_000}
"""Of content; the robot takes 4,096 and 2,048."""
_RULE = "—" * 12
"""Between two languages: only markdown_v2 draws a line of `---`."""
_PICTURED = ("A+", "A")
"""Grades whose signals are drawn."""
_PICTURE_BYTES = 2 * 1024 * 1024
"""Of a JPG or PNG, before base64."""
_THROTTLED = (45009,)
_TOO_LONG = (40058, 45002)
_CURES: Mapping[int | str, str] = {
    93000: "check outputs.{name}.webhook against the robot's settings in the group",
    40058: "the message is too long",
    45002: "the message is too long",
}


class WeCom:
    """Sends signals and whale trades to a WeCom group robot.

    Of a signal of grade A+ or A a picture follows, where the extra `chart` is installed. It is a message of its own,
    and tried once: the words do not wait for it, nor does what comes after.
    """

    wants = frozenset({"signal", "signal_ended", "whale"})
    default = False

    def __init__(
        self,
        name: str,
        *,
        webhook: Annotated[Webhook, Field(description="the robot's address, with its key")],
        style: Annotated[
            Literal["markdown", "markdown_v2", "text"],
            Field(description="markdown has colours; markdown_v2 none, and old clients show it as text"),
        ] = "markdown",
        at_all: AtAll = True,
        lang: Lang = None,
        timezone: Zone = None,
        template: Template = "full",
        templates: Templates = None,
        proxy: Annotated[str | None, Field(description="for this robot")] = None,
        timeout: Annotated[float, Field(gt=0, description="seconds to wait for an answer")] = 10.0,
    ) -> None:
        self._name, self._style = name, style
        self._url = webhook.get_secret_value().strip()
        self.robot = identity(self._url)
        self._lang, self._zone = lang or "zh", ZoneInfo(timezone or "UTC")
        self._draws = can_draw()
        self._rules = rules(at_all)
        paint = _coloured if style == "markdown" else plain
        rule = "---" if style == "markdown_v2" else _RULE
        self._writer = Writer(name, lang, timezone, templates, paint, template, rule)
        key = urlsplit(self._url).query.partition("key=")[2].partition("&")[0]
        self._robot = Robot(
            name,
            throttled=_THROTTLED,
            too_long=_TOO_LONG,
            cures={code: cure.format(name=name) for code, cure in _CURES.items()},
            secrets=(self._url, key),
            proxy=proxy,
            timeout=timeout,
        )

    def parts(self, message: Message) -> int:
        return len(self._bodies(message)) + self._pictured(message)

    async def send(self, message: Message) -> None:
        bodies = self._bodies(message)
        for body in bodies if message.part is None else bodies[message.part : message.part + 1]:
            await self._robot.post(self._url, body)
        if self._pictured(message) and message.part in (None, len(bodies)):
            await self._send_picture(message)

    def _pictured(self, message: Message) -> bool:
        event = message.event
        graded = event.get("event") == "signal" and event.get("grade") in _PICTURED
        return self._draws and message.market is not None and graded

    async def _send_picture(self, message: Message) -> None:
        """What goes wrong with it is told and is over: its text has arrived."""
        try:
            png = await asyncio.to_thread(self._drawn, message)
            image = {
                "base64": base64.b64encode(png).decode(),
                "md5": hashlib.md5(png, usedforsecurity=False).hexdigest(),
            }
            await self._robot.post(self._url, {"msgtype": "image", "image": image})
        except DeliveryThrottled:
            # for all that follows too
            raise
        except (DeliveryRefused, DeliveryRetry) as error:
            self._give_up(message, str(error))
        except Exception as error:
            self._give_up(message, f"{type(error).__name__}: {error}")

    def _drawn(self, message: Message) -> bytes:
        assert message.market is not None
        png = draw(message.market(), message.event, "en" if self._lang == "en" else "zh", self._zone)
        if len(png) > _PICTURE_BYTES:
            raise ValueError(f"it has {len(png):,} bytes, the robot takes {_PICTURE_BYTES:,}")
        return png

    def _give_up(self, message: Message, why: str) -> None:
        from loguru import logger

        logger.bind(plugin=self._name).warning("output {}: no picture with {}: {}", self._name, message.id, why)

    def _bodies(self, message: Message) -> list[dict[str, Any]]:
        """Everyone can be paged only in a text: one follows a message that is none."""
        event, tail = message.event, f"coinmon · {message.id}"
        page = pages_everyone(event, self._rules)
        text = self._writer.text(event)
        text = without_markdown(text) if self._style == "text" else text
        most = 20 if event.get("event") == "digest" else 3
        fit = self._robot.fit
        texts = split(text, int(_BYTES[self._style] * fit), tail, plain_size, round(most / fit))
        bodies: list[dict[str, Any]] = [{"msgtype": self._style, self._style: {"content": each}} for each in texts]
        if page and self._style == "text":
            bodies[0]["text"]["mentioned_list"] = ["@all"]
        elif page:
            short = split(self._writer.title(event), int(_BYTES["text"] * fit), tail, plain_size, 1)[0]
            bodies.append({"msgtype": "text", "text": {"content": short, "mentioned_list": ["@all"]}})
        return bodies


def _coloured(text: str, sign: int) -> str:
    colour = "info" if sign > 0 else "warning" if sign < 0 else "comment"
    return f'<font color="{colour}">{text}</font>'


@hookimpl
def register_outputs(register: Any) -> None:
    register("wecom", WeCom)
