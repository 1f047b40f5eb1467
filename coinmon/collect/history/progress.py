"""What a long piece of work tells whoever watches it."""

from typing import Protocol


class Progress(Protocol):
    """Who watches a backfill."""

    def begin(self, what: str, steps: int) -> None:
        """Work on an instrument starts, of so many files."""

    def step(self, text: str, *, done: bool = True) -> None:
        """Something was done, in words; done: it was one of the steps."""

    def received(self, size: int) -> None:
        """So many bytes were downloaded."""
