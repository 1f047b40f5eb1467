"""Asking a venue that asks us to wait: work that has time waits for as long as the venue says, and goes on."""

from asyncio import sleep
from collections.abc import Callable
from time import monotonic
from typing import Any

from coinmon.clock import Clock
from coinmon.collect.venue import Venue
from coinmon.errors import VenueBusy
from coinmon.plugin.contracts import Exchange

_PATIENCE_S = 3600.0
"""Without any answer; longer than the longest pause that a venue is given (a firewall's, 15 minutes)."""
_LISTING_PATIENCE_S = 300.0
"""For what a venue lists: without it the last list serves, and other venues wait for it."""
_ROOM_PAUSE_S = 0.25
SHARED = 0.5
"""Of each budget, for who has learned that somebody else asks from the same address: the rest is left to them."""


async def room_in(venue: Venue, share: float) -> None:
    """Until so much of each of the venue's budgets is not used up."""
    usage = getattr(venue.exchange, "usage", None)
    while usage is not None and any(used > share * limit for used, limit in usage().values()):  # noqa: ASYNC110
        # a budget calls nobody when there is room
        await sleep(_ROOM_PAUSE_S)


class PatientVenue(Venue):
    """A venue whose `call` is no refusal where it asks to wait. say: gets a line for each wait.

    A venue that refuses although our own budget was kept answers somebody else at this address too, such as a scan:
    from then on half of the budget is left to that.
    """

    def __init__(self, name: str, exchange: Exchange, clock: Clock, say: Callable[[str], None]) -> None:
        super().__init__(name, exchange, clock)
        self._say = say
        self._share = 1.0
        self._refused_since: float | None = None
        self._waits_until = float("-inf")

    async def call(self, method: str, *arguments: Any, deadline: float) -> Any:
        patience = _LISTING_PATIENCE_S if method == "instruments" else _PATIENCE_S
        while True:
            if self._share < 1:
                await room_in(self, self._share)
            try:
                answer = await super().call(method, *arguments, deadline=deadline)
            except VenueBusy as error:
                await self.sit_out(error, patience)
                continue
            self._refused_since = None
            return answer

    async def sit_out(self, error: VenueBusy, patience: float = _PATIENCE_S) -> None:
        """Wait as long as it says. Raises the error where the venue has done nothing but refuse for `patience` s."""
        now, seconds = monotonic(), max(1.0, error.retry_after)
        self._refused_since = now if self._refused_since is None else self._refused_since
        if now + seconds - self._refused_since > patience:
            raise error
        self._share = SHARED
        if now + seconds > self._waits_until + 1:
            self._waits_until = now + seconds
            self._say(f"{error}; then this goes on")
        await sleep(seconds)
