"""Everything else that apprise knows: Telegram, Slack, Discord, e-mail and a hundred more."""

import asyncio
import logging
from typing import Annotated, Any

from pydantic import Field, SecretStr

from coinmon.output import DeliveryRefused, DeliveryRetry, Message, hookimpl
from coinmon_outputs._writer import Lang, Templates, Writer, Zone


class Apprise:
    """Sends signals and whale trades through apprise: Telegram, Slack, Discord, e-mail, ...

    Needs `pip install '.[apprise]'`. Not for DingTalk, WeCom and Feishu, whose refusals it takes for success.
    Proxies come from the environment (HTTPS_PROXY).
    """

    wants = frozenset({"signal", "signal_ended", "whale"})
    default = False

    def __init__(
        self,
        name: str,
        *,
        url: Annotated[
            SecretStr, Field(description="the apprise address: tgram://BOT/CHAT, slack://..., mailto://...")
        ],
        lang: Lang = None,
        timezone: Zone = None,
        templates: Templates = None,
    ) -> None:
        self._name = name
        self._url = url.get_secret_value().strip()
        self._writer = Writer(name, lang, timezone, templates)
        self._channel: Any = None

    async def send(self, message: Message) -> None:
        channel = self._channel or self._opened()
        text = f"{self._writer.text(message.event)}\n\ncoinmon · {message.id}"
        try:
            # it is synchronous, and sleeps between messages
            sent = await asyncio.to_thread(
                channel.notify, body=text, title=self._writer.title(message.event), body_format="markdown"
            )
        except Exception as error:
            # its words may carry the address
            raise DeliveryRetry(f"{self._name}: apprise raised {type(error).__name__}") from None
        if not sent:
            raise DeliveryRetry(f"{self._name}: not sent, says apprise; check outputs.{self._name}.url if this goes on")

    def _opened(self) -> Any:
        try:
            import apprise  # 0.14 s, and an extra
        except ImportError:
            raise DeliveryRefused(
                f"{self._name}: apprise is not installed; pip install '.[apprise]' in coinmon's folder"
            ) from None
        # its lines carry addresses
        logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
        channel = apprise.Apprise()
        if not channel.add(self._url):
            raise DeliveryRefused(f"{self._name}: outputs.{self._name}.url is no address that apprise knows")
        self._channel = channel
        return channel


@hookimpl
def register_outputs(register: Any) -> None:
    register("apprise", Apprise)
