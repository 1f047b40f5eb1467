"""What is known of one instrument's order book and liquidations, and what of it is to be stored."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from coinmon.collect.track.track import Track
from coinmon.model.book import Book, Depth, Picture
from coinmon.model.derivatives import Liquidation
from coinmon.model.moment import MINUTE, floor


@dataclass(slots=True)
class Taken:
    """What is to be stored, by row number of the instrument. gone: tracks that are followed no longer."""

    depth: dict[int, Depth] = field(default_factory=dict)
    pictures: dict[int, Picture] = field(default_factory=dict)
    liquidations: dict[int, Sequence[Liquidation]] = field(default_factory=dict)
    observed_minutes: dict[int, Sequence[int]] = field(default_factory=dict)
    gone: dict[int, Track] = field(default_factory=dict)


@dataclass(slots=True)
class Shelf:
    """One instrument's latest book, its pictures of the minute, and its liquidations that are not stored yet.

    last_update_at: when the stream last said something of its book, or the venue's book was seen to be the same.
    acknowledged: since when the venue says that it streams the book.
    listening: since when liquidations are streamed, ms UTC, as far as it is not written down; None: they are not.
    """

    track: Track
    book: Book | None = None
    last_update_at: float = 0.0
    acknowledged: float | None = None
    requested_at: float = float("-inf")
    answer: Book | None = None
    pictures: list[Picture] = field(default_factory=list)
    liquidations: list[Liquidation] = field(default_factory=list)
    listening: int | None = None


def minutes_of(shelf: Shelf, now: int) -> list[int]:
    """The whole minutes that were listened to and are not written down; they count as written down from here on."""
    if shelf.listening is None:
        return []
    first = -(-shelf.listening // MINUTE) * MINUTE
    shelf.listening = max(shelf.listening, floor(now))
    return list(range(first, floor(now), MINUTE))


def best_of(book: Book) -> tuple[float, float]:
    return tuple(float(side[0, 0]) if len(side) else 0.0 for side in (book.bids, book.asks))  # type: ignore[return-value]
