"""How many messages a robot may be sent now: never more than so many in any minute, over restarts too."""

from collections.abc import Sequence

WINDOW_MS = 60_000


def recent(posts: Sequence[int], now: int) -> tuple[int, ...]:
    """Posts of the last minute, wall ms, oldest first. One from the future (the clock was set back) is from now."""
    return tuple(sorted(min(post, now) for post in posts if post > now - WINDOW_MS))


def free(posts: Sequence[int], now: int, per_minute: int) -> int:
    """How many posts may follow at once.

    A window and not a bucket that refills: a full bucket and its refill would be twice as many in one minute.
    """
    return max(0, per_minute - len(recent(posts, now)))


def ms_to_next(posts: Sequence[int], now: int, per_minute: int) -> int:
    """Until one more may be sent."""
    last = recent(posts, now)
    return 0 if len(last) < per_minute else last[-per_minute] + WINDOW_MS - now
