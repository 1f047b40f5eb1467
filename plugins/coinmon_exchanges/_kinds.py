"""Spot and perpetuals of a venue asked side by side: one of them may be refused or down while the other answers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from coinmon.exchange import DecodeError, Instrument, Kind, VenueError

Answer = TypeVar("Answer")
Figure = TypeVar("Figure")
Failing = dict[Kind, VenueError | DecodeError]
"""Kinds that could not be had, and why."""


async def of_each_kind(
    kinds: Sequence[Kind], ask: Callable[[Kind], Awaitable[Answer]]
) -> tuple[dict[Kind, Answer], Failing]:
    """Answers by kind, and why others have none. Raises what the first one raised where no kind has an answer."""
    found = await asyncio.gather(*(ask(kind) for kind in kinds), return_exceptions=True)
    answers: dict[Kind, Answer] = {}
    failing: Failing = {}
    for kind, each in zip(kinds, found, strict=True):
        if isinstance(each, VenueError | DecodeError):
            failing[kind] = each
        elif isinstance(each, BaseException):
            raise each
        else:
            answers[kind] = each
    if failing and not answers:
        raise next(iter(failing.values()))
    return answers, failing


async def of_both(
    instruments: Sequence[Instrument], ask: Callable[[Kind], Awaitable[dict[str, Figure]]]
) -> dict[str, Figure]:
    """Figures by instrument id, of the kinds that the instruments are of."""
    kinds = list(dict.fromkeys(each.kind for each in instruments))
    found, _ = await of_each_kind(kinds, ask)
    return {id: figure for each in found.values() for id, figure in each.items()}
