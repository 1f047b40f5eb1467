"""Which faults a campaign meets, drawn from a seed: of messages, of connections, of requests, of clocks."""

import random

VENUES = ("binance", "okx", "bybit", "coinbase")
KINDS = {
    # of messages: gaps are of ids, a stall swallows whatever comes
    "gap=20/stream?n=8": 20.0, "repeat/stream?n=8": 20.0, "late=1/stream?n=8": 20.0, "stall/stream?n=8": 20.0,
    # of connections: each costs a pause before the next, up to half a minute in which nothing else can be met
    "drop/stream?n=1": 0.6, "cut/stream?n=1": 0.6, "garbage/stream?n=1": 0.6, "503/stream?n=1": 0.3,
    "refuse/stream?n=1": 0.3,
    # of requests: a second try meets one of these, a third try another
    "429=1/api": 4.0, "418=1/api": 2.0, "500": 5.0, "502": 5.0, "503": 5.0, "cut": 5.0, "garbage": 5.0, "html": 5.0,
    "refuse": 5.0,
}  # fmt: skip
"""Faults and how often each is drawn."""
LEAST = {
    "drops": (("drop/stream", "cut/stream", "garbage/stream", "503/stream", "refuse/stream"), 0.01),
    "stalls": (("stall/stream",), 0.05),
    "gaps": (("gap/stream",), 0.05),
    "repeats": (("repeat/stream",), 0.05),
    "429 and 418": (("429", "418"), 0.03),
    "5xx": (("500", "502", "503"), 0.05),
    "cut bodies": (("cut",), 0.03),
    "broken JSON": (("garbage", "html"), 0.03),
    "clock jumps": (("jump",), 0.015),
}
"""The kinds that have to meet somebody, and the share of all faults asked for that each has to be at least."""
REST = {"binance": "/api", "okx": "/api", "bybit": "/v5/market", "coinbase": "/products"}
"""What the paths of requests have and those of sockets have not."""
PATIENCE = 3.0
"""Times the seconds asked for after which a campaign gives up; a fault waits as long for its victim."""


def schedule(faults: int, seconds: float, seed: int) -> str:
    """Somewhat more than `faults` in each `seconds`, for as long as a campaign may take."""
    die = random.Random(seed)
    longest = seconds * PATIENCE
    items = [f"{venue}:stall@{die.uniform(0, seconds):.2f}+12/stream" for venue in VENUES if seconds > 60]
    for number in range(round(faults * 1.15 * PATIENCE)):
        venue, start = die.choice(VENUES), die.uniform(0, longest)
        if number % 20 == 0:
            items.append(
                f"{venue}:jump={die.choice((-20_000, -1500, 1500, 20_000))}@{start:.2f}+{die.uniform(0.1, 1.5):.2f}"
            )
            continue
        kind, _, rest = die.choices(list(KINDS), list(KINDS.values()))[0].partition("/")
        path = f"/{rest}" if rest.startswith("stream") else f"{REST[venue]}?n={die.choice((1, 1, 2, 5))}"
        items.append(f"{venue}:{kind}@{start:.2f}+{longest:g}{path}")
    return ",".join(items)
