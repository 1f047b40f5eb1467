"""A venue that refuses us is asked again after a pause that grows: no refusal is for ever."""

from time import monotonic

BLOCKED_PAUSES_S = 900.0, 6 * 3600.0
"""The first and the longest pause after a venue refused this place."""


class RefusalPause:
    """What a host said when it refused us, as long as the pause after it lasts. first, longest: seconds."""

    def __init__(self, first: float, longest: float) -> None:
        self._first, self._longest = first, longest
        self._words = ""
        self._pause = 0.0
        self._until = float("-inf")

    @property
    def words(self) -> str | None:
        """Why nothing may be asked now; None: it may."""
        return self._words if monotonic() < self._until else None

    def begin(self, words: str, least: float = 0.0) -> float:
        """It refused, again or for the first time: how many seconds to wait, not less than it asked for.

        Requests that were under way together are refused together: that counts once, whatever each was told.
        """
        now = monotonic()
        if now >= self._until:
            self._pause = min(self._longest, self._pause * 2 or self._first)
            self._until = now + self._pause
            self._words = words
        self._until = max(self._until, now + least)
        return self._until - now

    def end(self) -> None:
        """It answered."""
        self._pause, self._until = 0.0, float("-inf")
