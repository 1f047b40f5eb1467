"""As of when questions about the present are answered."""

from coinmon.command import MINUTE, MarketReader

_LIVE_MS = 5000
"""What is sampled within the minute is answered as of a moment this long ago at most."""
_SECOND_MS = 1000
_MAX_MISSED_SCANS = 2
"""Scans that may be missed before an answer shows that nothing comes in any more."""


class Edition:
    """A moment by which the store had settled after a scan, until the next one.

    Answers about the present are as of that moment: equal questions share one answer until there is something new, and
    a minute that has ended but is still being collected is not shown as a hole. When nothing new comes for two scans,
    answers are as of the present again, holes and all.
    """

    def __init__(self, desk: MarketReader) -> None:
        self._desk = desk
        self._lasts = _MAX_MISSED_SCANS * max(desk.config.interval, MINUTE) + desk.config.settle
        self._since: int | None = None

    def moment(self, *, live: bool = False) -> int:
        """ms UTC, whole seconds. live: of what is sampled within the minute, which changes between two scans."""
        now = self._desk.now()
        fresh = now - now % _LIVE_MS
        if self._since is None or now - self._since > self._lasts:
            return fresh
        if not live:
            return self._since
        # but in the same minute: the next one is still being collected
        return max(self._since, min(fresh, self._since - self._since % MINUTE + MINUTE - _SECOND_MS))

    def after(self, newest: int) -> int:
        """The moment of the edition in which `newest`, the end of a minute, is the last that is stored."""
        moment = min(self._desk.now(), newest + MINUTE - 1)
        return moment - moment % _SECOND_MS

    def begin(self, moment: int) -> None:
        self._since = moment
