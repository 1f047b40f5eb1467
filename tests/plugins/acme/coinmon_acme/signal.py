"""A signal that is always there."""

from typing import Any

from coinmon import Market, Signal, Text, hookimpl


def acme_always(market: Market, *, word: str = "hello") -> list[Signal]:
    """Says a word about every pair (grade B)."""
    venues = {venue: {"net_flow": None, "ratio": None, "coverage": 0.0} for venue in market.spot}
    return [
        Signal(
            name="acme_always", pair=str(market.pair), grade="B", direction="neutral", title=Text("你好", word),
            reading=Text("总在", "always there"), evidence={"venues": venues}, key=f"acme_always {market.pair}",
        )
    ]  # fmt: skip


@hookimpl
def register_signals(register: Any) -> None:
    register("acme_always", acme_always)
