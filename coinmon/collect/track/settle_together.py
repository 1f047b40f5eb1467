"""Settling many tracks at once."""

from collections.abc import Sequence

from coinmon.collect.track.settlement import SettledMinutes
from coinmon.collect.track.track import Track
from coinmon.model.bars import Coverage
from coinmon.model.fold import fold_many


def settle_many(tracks: Sequence[Track], end: int, whale_threshold: float) -> list[SettledMinutes]:
    """`Track.settle` of each, with the trades of all folded in one pass."""
    cuts = [track.cut(end) for track in tracks]
    both = list(zip(tracks, cuts, strict=True))
    seen = fold_many([(cut.in_time, track.instrument) for track, cut in both], Coverage.PARTIAL)
    late = fold_many([(cut.late, track.instrument) for track, cut in both])
    return [
        track.settled(cut, in_time, too_late, end, whale_threshold)
        for (track, cut), in_time, too_late in zip(both, seen, late, strict=True)
    ]
