"""Telling a recorder what a venue says and is asked, as it comes and goes."""

from collections.abc import Mapping
from typing import Literal, Protocol

Channel = Literal["trades", "book", "liquidations"]
"""What can be streamed."""


class WireTap(Protocol):
    """Who writes down what a venue says and is asked: `Exchange.record`. Calls return at once, and never raise."""

    def opened(self, channel: Channel, url: str) -> int:
        """A connection for this channel is open; the number that stands for it."""
        ...

    def frame(self, connection: int, text: str) -> None:
        """A text frame came, just now."""
        ...

    def sent(self, connection: int, text: str) -> None:
        """A text frame was sent."""
        ...

    def closed(self, connection: int, why: str) -> None: ...

    def answered(
        self,
        method: str,
        url: str,
        sent: str | None,
        took_ms: float,
        status: int,
        headers: Mapping[str, str],
        body: bytes,
    ) -> None:
        """An answer is whole, just now. url: with its query; sent: the body of a POST; took_ms: since it was asked."""
        ...

    def unanswered(self, method: str, url: str, sent: str | None, took_ms: float, why: str) -> None:
        """No whole answer came. why: in words that hold no secret."""
        ...
