"""The same line of the log, said again and again: once a minute is enough."""

from time import monotonic

_SAME_LINE_S = 65.0
"""Seconds in which the same text is no news: a minute, and what lines may take to whoever reads them."""
_MAX_TEXTS = 200


class Repeats:
    """What one speaker, or all of one program, said lately."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}

    def is_news(self, text: str) -> bool:
        """Whether to say it: it was not said within the minute."""
        now, said = monotonic(), self._said.pop(text, float("-inf"))
        news = now - said > _SAME_LINE_S
        self._said[text] = now if news else said
        while len(self._said) > _MAX_TEXTS:
            del self._said[next(iter(self._said))]
        return news
