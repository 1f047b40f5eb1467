"""One attempt to send a message, and what came of it."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from coinmon.errors import (
    DeliveryAside,
    DeliveryRefused,
    DeliveryRetry,
    DeliverySplit,
    DeliveryThrottled,
    our_stop,
    words_of,
)
from coinmon.notify.batching import Batch
from coinmon.plugin.contracts import Message, Output
from coinmon.plugin.plugin_thread import PluginThread
from coinmon.secrets import redacted

POST_TIMEOUT_S = 60.0
"""Seconds for one post; outputs have shorter ones of their own."""
_BACKOFF_S = (2.0, 600.0)
"""Seconds: the first wait, doubled each time, and the longest."""
_SPREAD = (0.75, 1.25)
"""Factors between which a wait is chosen by chance."""
_THROTTLED_PAUSE_S = 60.0
_MAX_SPLITS = 8
_MAX_WORDS = 1_000
_MAX_ASIDE = 1_000
"""Tries, ten minutes apart at last, after which a message that its channel never took is given up: a week."""


@dataclass(frozen=True)
class AttemptOutcome:
    """state: of the deliveries (sent, waiting, refused). pause_s: seconds in which the output is sent nothing more.

    values: columns of the deliveries. retry_s: seconds until these are tried again, where others need not wait.
    """

    state: str = "sent"
    error: str | None = None
    pause_s: float | None = None
    values: dict[str, Any] = field(default_factory=dict)
    retry_s: float | None = None

    @property
    def words(self) -> str | None:
        """The error as it is told and kept: without secrets, and of what a database can take."""
        return self.error and redacted(self.error[: 20 * _MAX_WORDS])[:_MAX_WORDS]

    @property
    def goes_on(self) -> bool:
        """Whether the output may be sent the next message at once."""
        return self.pause_s is None or (self.pause_s == 0.0 and self.state == "waiting")


async def attempt(
    thread: PluginThread, output: Output, message: Message, batch: Batch, failures: int, *, to_the_end: bool = True
) -> AttemptOutcome:
    """Send the next part of a message. failures: how often the output failed in a row before.

    to_the_end: one that blocks is waited for, however long.
    """
    attempts = batch.rows[0].attempts + 1

    async def post() -> int | None:
        parts = _parts(output, message)
        await output.send(message if parts is None else replace(message, part=batch.part))
        return parts

    try:
        parts = await thread.call(post, POST_TIMEOUT_S, to_the_end=to_the_end)
    except DeliveryRefused as refusal:
        return AttemptOutcome("refused", str(refusal))
    except DeliveryThrottled as failure:
        # it was not taken: what waits meanwhile may join it
        pause = failure.retry_after or _THROTTLED_PAUSE_S
        return AttemptOutcome("waiting", str(failure), pause, {"message": None} if batch.part == 0 else {})
    except DeliveryAside as failure:
        state = "waiting" if attempts < _MAX_ASIDE else "refused"
        return AttemptOutcome(state, str(failure), None, {"message": None}, backoff_s(attempts - 1))
    except DeliverySplit as failure:
        return AttemptOutcome("waiting" if attempts < _MAX_SPLITS else "refused", str(failure), 0.0, {"part": 0})
    except DeliveryRetry as failure:
        return AttemptOutcome("waiting", str(failure), failure.retry_after or backoff_s(failures))
    except TimeoutError as failure:
        return AttemptOutcome("waiting", str(failure), backoff_s(failures))
    except BaseException as failure:
        if our_stop(failure):
            raise
        # the output cannot make a message of it: that is not a reason to hold up the others
        retry = backoff_s(attempts - 1)
        return AttemptOutcome("waiting", words_of(failure), None, {"message": None}, retry)
    if parts is not None and batch.part + 1 < parts:
        return AttemptOutcome("waiting", None, None, {"part": batch.part + 1})
    return AttemptOutcome()


def _parts(output: Output, message: Message) -> int | None:
    count: Callable[[Message], Any] | None = getattr(output, "parts", None)
    if count is None:
        return None
    parts = count(message)
    if not isinstance(parts, int) or isinstance(parts, bool) or parts < 0:
        raise TypeError(f"parts returned {type(parts).__name__}, not a number of posts")
    return parts


def backoff_s(failures: int) -> float:
    first, longest = _BACKOFF_S
    return min(longest, first * 2.0 ** min(failures, 30)) * random.uniform(*_SPREAD)


def longest_retry_ms(speed: float) -> int:
    """No try is put off for longer by market time, which runs `speed` times as fast as the wall clock."""
    return max(1, round(1000 * _BACKOFF_S[1] * _SPREAD[1] * speed))
