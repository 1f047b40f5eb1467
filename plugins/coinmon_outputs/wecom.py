"""WeCom group robots (企业微信群机器人)."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field

from coinmon import Message, hookimpl
from coinmon_outputs._markdown import blocks, cut, pages_everyone, title
from coinmon_outputs._robot import Robot, Webhook

_MARKDOWN_BYTES = 4_000
_TEXT_BYTES = 2_000
_THROTTLED = (45009,)
_CURES: Mapping[int | str, str] = {
    93000: "check outputs.{name}.webhook against the robot's settings in the group",
    40058: "the message is too long",
}


class WeCom:
    """Sends signals and whale trades to a WeCom group robot."""

    wants = frozenset({"signal", "whale"})
    default = False

    def __init__(
        self,
        name: str,
        *,
        webhook: Annotated[Webhook, Field(description="the robot's address, with its key")],
        at_all: Annotated[bool, Field(description="page everyone for grades A+ and A and a strong consensus")] = True,
        lang: Annotated[Literal["zh", "en"] | None, Field(description="language of the messages")] = None,
        proxy: Annotated[str | None, Field(description="for this robot")] = None,
        timeout: Annotated[float, Field(gt=0, description="seconds to wait for an answer")] = 10.0,
    ) -> None:
        self._url = webhook.get_secret_value().strip()
        self._at_all = at_all
        self._lang = lang or "zh"
        self._to_page: set[str] = set()
        key = urlsplit(self._url).query.partition("key=")[2].partition("&")[0]
        self._robot = Robot(
            name,
            throttled=_THROTTLED,
            cures={code: cure.format(name=name) for code, cure in _CURES.items()},
            secrets=(self._url, key),
            proxy=proxy,
            timeout=timeout,
        )

    async def send(self, message: Message) -> None:
        """Everyone can be paged only in a text: it follows the message. A retry after it failed sends it alone."""
        page = self._at_all and pages_everyone(message.event)
        if message.id not in self._to_page:
            groups = blocks(message.event, self._lang, message.id, _coloured)
            text = cut("\n\n".join("\n".join(group) for group in groups), _MARKDOWN_BYTES, self._lang)
            await self._robot.post(self._url, {"msgtype": "markdown", "markdown": {"content": text}})
            if page:
                self._to_page.add(message.id)
        if page:
            text = cut(f"{title(message.event, self._lang)}\n{message.id}", _TEXT_BYTES, self._lang)
            await self._robot.post(
                self._url, {"msgtype": "text", "text": {"content": text, "mentioned_list": ["@all"]}}
            )
            self._to_page.discard(message.id)


def _coloured(text: str, figure: float) -> str:
    colour = "info" if figure > 0 else "warning" if figure < 0 else "comment"
    return f'<font color="{colour}">{text}</font>'


@hookimpl
def register_outputs(register: Any) -> None:
    register("wecom", WeCom)
