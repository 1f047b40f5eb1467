"""An exchange plugin of somebody else's: its code runs in a thread of its own, and what blocks there blocks nobody."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Any

from coinmon.clock import Clock
from coinmon.collect.venue import Venue
from coinmon.collect.venue_answers import check_answer, check_batch
from coinmon.config.build import make
from coinmon.config.plugin_config import PluginConfig
from coinmon.errors import CoinmonError
from coinmon.plugin.answers import kept
from coinmon.plugin.members import ASYNC
from coinmon.plugin.plugin_thread import PluginBlocks, PluginThread
from coinmon.plugin.stream_items import Stream
from coinmon.plugin.wire_tap import Channel

_OURS = "coinmon"
"""The distribution whose exchanges share the event loop: they are tested not to block it."""
_METHOD_S, _CLOSE_S = 120.0, 5.0
"""Seconds for a method of which nobody says how long it may take, and for a stream to end."""


class ExchangeApart:
    """The same members as the exchange's; its coroutines are awaited from here and run there."""

    apart = True

    def __init__(self, name: str, exchange: Any) -> None:
        self._exchange, self._name = exchange, name
        self._thread = PluginThread("exchange", name)
        if getattr(exchange, "stream", None) is not None:
            self.stream = self._streamed

    def __getattr__(self, member: str) -> Any:
        value = getattr(self._exchange, member)
        if member not in ASYNC["exchange"] or not callable(value):
            return value

        async def ask(*arguments: Any, deadline: float = _METHOD_S) -> Any:
            given = list(map(_own, arguments))
            try:
                said = await self._thread.call(lambda: value(*given), deadline, to_the_end=False)
            except PluginBlocks as error:
                raise CoinmonError(f"{self._name}: {member}: {error}") from error
            check_answer(member, said)
            return kept(said)

        return ask

    async def _streamed(self, instruments: Sequence[Any], channels: Sequence[Channel]) -> AsyncGenerator[Any, None]:
        async def begin() -> Stream:
            # a plain function that gives a generator may block as well
            batches: Stream = self._exchange.stream(_own(instruments), _own(channels))
            return batches

        batches = await self._thread.call(begin, _METHOD_S, to_the_end=False)
        try:
            while (batch := await self._thread.call(lambda: anext(batches, None), None)) is not None:
                check_batch(batch)
                yield kept(batch)
        finally:
            await self._thread.call(batches.aclose, _CLOSE_S, to_the_end=False)


def _own(given: Any) -> Any:
    """A list of its own, which it may empty as it goes."""
    return list(given) if isinstance(given, Sequence) and not isinstance(given, str) else given


def venues_of(
    chosen: Mapping[str, PluginConfig], clock: Clock, as_venue: Callable[[str, Any, Clock], Venue] = Venue
) -> list[Venue]:
    """One venue for each exchange. Raises ConfigError naming the one that refuses its settings."""
    made = make(chosen)
    apart = {name for name, each in chosen.items() if each.offer.distribution != _OURS}
    return [as_venue(name, ExchangeApart(name, each) if name in apart else each, clock) for name, each in made.items()]
