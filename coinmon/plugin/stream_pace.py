"""How soon a stream's messages are wanted: many together for a scan, sooner while somebody watches it."""

from contextvars import ContextVar


class StreamPace:
    """Of one feed: it sets `rest`, and the exchange's stream, which runs in the feed's task, looks at it."""

    def __init__(self) -> None:
        self.rest: float | None = None
        """Seconds between two looks at what came, at least: what comes after one is read at once. None: no haste."""

    def set(self) -> None:
        """For the streams that this task reads from now on."""
        _PACE.set(self)

    @staticmethod
    def current() -> "StreamPace":
        """The pace of the task that reads this stream; without haste where nobody has set one."""
        return _PACE.get() or StreamPace()


_PACE: ContextVar[StreamPace | None] = ContextVar("stream_pace", default=None)
