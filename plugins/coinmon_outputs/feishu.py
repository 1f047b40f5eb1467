"""Feishu and Lark group robots (飞书自定义机器人)."""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, SecretStr

from coinmon.output import Message, hookimpl
from coinmon_outputs._facts import pages_everyone
from coinmon_outputs._plain import without_markdown
from coinmon_outputs._robot import AtAll, Robot, Webhook, identity, rules
from coinmon_outputs._split import json_size, split
from coinmon_outputs._writer import Lang, Template, Templates, Writer, Zone

_BYTES = 16_000
"""Of text as JSON writes it; the robot takes 20 kB in all."""
_CURES: Mapping[int | str, str] = {
    19021: "check outputs.{name}.secret, and this machine's clock: it may not be an hour off",
    19024: "make `coinmon` a keyword of the robot; every message contains it",
    19001: "check outputs.{name}.webhook against the robot's settings in the group",
    9499: "it does not understand the message; report this to us",
}

_UNSIGNED = "the robot asks for a signature (签名校验): set outputs.{name}.secret to the one of its settings"


class Feishu:
    """Sends signals and whale trades to a Feishu or Lark group robot."""

    wants = frozenset({"signal", "signal_ended", "whale"})
    default = False

    def __init__(
        self,
        name: str,
        *,
        webhook: Annotated[Webhook, Field(description="the robot's address")],
        secret: Annotated[SecretStr | None, Field(description="of a signed robot")] = None,
        at_all: AtAll = True,
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
        self._rules = rules(at_all)
        self._writer = Writer(name, lang, timezone, templates, template=template)
        cures = _CURES if self._secret else {**_CURES, 19021: _UNSIGNED}
        self._robot = Robot(
            name,
            throttled=(11232,),
            cures={code: cure.format(name=name) for code, cure in cures.items()},
            secrets=(self._url, self._url.rpartition("/")[2], self._secret),
            proxy=proxy,
            timeout=timeout,
            code="code",
            text="msg",
        )

    def parts(self, message: Message) -> int:
        return len(self._bodies(message))

    async def send(self, message: Message) -> None:
        bodies = self._bodies(message)
        for body in bodies if message.part is None else bodies[message.part : message.part + 1]:
            await self._robot.post(self._url, {**self._signed(), **body})

    def _bodies(self, message: Message) -> list[dict[str, Any]]:
        event = message.event
        text = without_markdown(self._writer.text(event))
        most = 20 if event.get("event") == "digest" else 3
        bodies: list[dict[str, Any]] = []
        for part in split(text, _BYTES, f"coinmon · {message.id}", json_size, most):
            lines: list[list[dict[str, str]]] = [[{"tag": "text", "text": part}]]
            if not bodies and pages_everyone(event, self._rules):
                lines.append([{"tag": "at", "user_id": "all"}])
            content = {"post": {"zh_cn": {"title": self._writer.title(event)[:100], "content": lines}}}
            bodies.append({"msg_type": "post", "content": content})
        return bodies

    def _signed(self) -> dict[str, str]:
        """Time and signature: the key is what DingTalk signs, and nothing is signed with it."""
        if not self._secret:
            return {}
        timestamp = str(round(time.time()))
        digest = hmac.new(f"{timestamp}\n{self._secret}".encode(), b"", hashlib.sha256).digest()
        return {"timestamp": timestamp, "sign": base64.b64encode(digest).decode()}


@hookimpl
def register_outputs(register: Any) -> None:
    register("feishu", Feishu)
