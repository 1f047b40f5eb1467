"""How a running scan is, as `scan_finished` says it."""

from collections.abc import Collection, Mapping
from typing import Any

from coinmon.collect.live.book_sampler import BookSampler
from coinmon.collect.live.trade_feed import TradeFeed
from coinmon.health import memory
from coinmon.supervise import Supervisor


def health(
    feeds: Collection[TradeFeed],
    books: BookSampler,
    before: Mapping[str, Any],
    tasks: Supervisor,
    *,
    behind_ms: int,
    waiting: int,
) -> dict[str, Any]:
    """lag_ms: by which the slowest stream's last trades were old when they came; queue: what waits to be done.

    before: how far the time before the start is. behind_ms: from the moment that was judged until now.
    waiting: events that outputs are being told.
    """
    return {
        "rss_mb": memory(),
        "behind_seconds": round(behind_ms / 1000, 3),
        "lag_ms": max((feed.lag for feed in feeds if feed.lag is not None), default=None),
        "queue": {"events": waiting, "gaps": sum(feed.waiting for feed in feeds)},
        "reconnects": sum(feed.reconnects for feed in feeds),
        "gaps_filled": sum(feed.repaired for feed in feeds),
        "holes": sum(feed.holes for feed in feeds),
        "books": {"live": books.live, "resyncs": books.resyncs},
        **before,
        "tasks": tasks.as_json(),
    }
