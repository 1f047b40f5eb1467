"""What can go wrong, in words a user can act on.

CoinmonError
├── ConfigError       bad arguments, configuration or database: exit 2
│   └── DatabaseFailed    the database did not do what was asked
├── NoDataError       nothing to answer with, each venue and why: exit 3
├── DecodeError       a payload that does not follow its venue's format
│   └── FinerGrid         prices lie between the ticks of the instrument
├── VenueError        a venue did not give what was asked
│   ├── VenueBlocked      it refuses this place (451, geo-block): asked again after a long pause
│   ├── VenueBusy         it asks us to wait (`retry_after` seconds)
│   ├── NotPublished      it has no such file (yet)
│   └── WrongChecksum     its file is not the one that its checksum is of
└── DeliveryError     an output could not send
    ├── DeliveryRetry     try again later
    │   ├── DeliveryAside       not this message, not now; the others go on
    │   ├── DeliveryThrottled   too many messages: nothing more until `retry_after`
    │   └── DeliverySplit       too long: the output cuts its messages finer from now on
    └── DeliveryRefused   never going to work as configured
"""

import asyncio
import os
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

from coinmon.secrets import redacted

_CORE = f"{Path(__file__).parent}{os.sep}"
_STANDARD_LIBRARY = f"{Path(os.__file__).parent}{os.sep}"

PLUGIN_FAILURES = (Exception, SystemExit)
"""What a plugin's code may throw at us: one that calls sys.exit() must not end coinmon either. See `our_stop` too."""


class Abandoned(BaseException):
    """Raised in a thread whose result nobody waits for any more, so that it ends."""


def our_stop(error: BaseException) -> bool:
    """Whether it ends us, and is no plugin's failure: Ctrl-C, a generator that is closed, a task that was cancelled,
    a thread that was abandoned.

    A library's panic may be any BaseException (those written in Rust are), and an inner task that a plugin cancelled
    looks like our own: ours is one that the running task was asked to stop by.
    """
    if isinstance(error, Abandoned):
        return True
    if isinstance(error, asyncio.CancelledError):
        try:
            task = asyncio.current_task()
        except RuntimeError:
            return False
        return task is None or task.cancelling() > 0
    # signals are handled, and our coroutines run and are closed, in the main thread: elsewhere a plugin has raised it
    ours = threading.current_thread() is threading.main_thread()
    return ours and isinstance(error, KeyboardInterrupt | GeneratorExit)


_LONGEST_BAN_S = 3 * 86_400.0
"""Seconds: venues' longest bans (Binance's) take so long."""
_LONGEST_REST_S = 86_400.0
"""Seconds that a robot may ask to be left alone: one absurd answer is not to end its line for ever."""


def _bounded_s(said: Any, longest: float) -> float | None:
    """The seconds that somebody asks us to wait; None for what is no number of seconds."""
    if not isinstance(said, int | float) or isinstance(said, bool) or not said >= 0:
        return None
    return longest if said > longest else float(said)


_MAX_WORDS = 1_000
"""Characters of an error's own text that are told: a line of the log is bounded, whatever a plugin raises."""


def words_of(error: BaseException) -> str:
    """`ValueError: what it says`, on one line, without secrets; an error whose own words fail still has its name."""
    try:
        text = " ".join(str(error)[: 20 * _MAX_WORDS].split())
    except BaseException:
        text = "(its text cannot be read)"
    # cut once no half of a secret can be left at the end
    return redacted(f"{type(error).__name__}: {text}" if text else type(error).__name__)[:_MAX_WORDS]


def place_of(error: BaseException) -> str:
    """` (file.py, line 12)`: where in the plugin's own file it was raised; nothing where no plugin's code was run."""
    own, line = "", 0
    trace = error.__traceback__
    while trace:
        file = trace.tb_frame.f_code.co_filename
        installed = "-packages" in file
        if not own and not file.startswith((_CORE, "<")) and (installed or not file.startswith(_STANDARD_LIBRARY)):
            own = file
        if file == own:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f" ({Path(own).name}, line {line})" if own else ""


class CoinmonError(Exception):
    """Base of every error that coinmon raises on purpose; its text is one line for the user, without secrets."""

    def __str__(self) -> str:
        return redacted(super().__str__())

    @property
    def fault(self) -> str:
        """What is wrong, whoever noticed it: errors of one fault are said once."""
        return str(self)


class ConfigError(CoinmonError):
    """Bad arguments, configuration or database. The text names the place, the key and what was expected."""


class DatabaseFailed(ConfigError):
    """The database did not do what was asked. A server that goes away says so in many words, which are one `fault`."""

    def __init__(self, text: str, fault: str) -> None:
        super().__init__(text)
        self._fault = fault

    @property
    def fault(self) -> str:
        return self._fault


class NoAnswer(CoinmonError):
    """A question that cannot be answered, such as one window of fifty years; the code that was asked did not fail."""


class IndicatorFailed(CoinmonError):
    """An indicator raised, or is not there; whoever asked for it cannot be computed either."""


class IndicatorOff(IndicatorFailed):
    """An indicator is not there or is switched off: as the user wants it, and no failure of who asked for it."""


class NoDataError(CoinmonError):
    """No data could be had; the text says from whom and why."""


class DecodeError(CoinmonError):
    """A payload does not follow its venue's format."""


class FinerGrid(DecodeError):
    """Prices lie between the instrument's ticks; `tick_size` is a grid that they are on."""

    def __init__(self, message: str, tick_size: Decimal) -> None:
        super().__init__(message)
        self.tick_size = tick_size


class VenueError(CoinmonError):
    """A venue did not give what was asked."""


class VenueBlocked(VenueError):
    """The venue refuses this network (HTTP 451, a geo-block): it is asked again after a long pause only."""


class VenueBusy(VenueError):
    """The venue asks us to wait; what is no number of seconds is a minute, and no wait is longer than three days."""

    def __init__(self, message: str, retry_after: float = 60.0) -> None:
        super().__init__(message)
        seconds = _bounded_s(retry_after, _LONGEST_BAN_S)
        self.retry_after = 60.0 if seconds is None else seconds


class NotPublished(VenueError):
    """The venue has no such file, or not yet."""


class WrongChecksum(VenueError):
    """The venue's file is not, time after time, the one that its published checksum is of."""


class DeliveryError(CoinmonError):
    """An output could not send a message."""


class DeliveryRetry(DeliveryError):
    """The message may go through later (timeout, throttling, server error); in a day at the latest."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = _bounded_s(retry_after, _LONGEST_REST_S)


class DeliveryThrottled(DeliveryRetry):
    """The channel took too many messages: it did not take this one, and wants none for `retry_after` seconds."""


class DeliveryAside(DeliveryRetry):
    """The channel did not take this message and may later (a gateway's word is not the robot's); others may be sent."""


class DeliverySplit(DeliveryRetry):
    """The channel found the message too long and did not take it; the output cuts finer when it is asked again."""


class DeliveryRefused(DeliveryError):
    """The message will never go through as configured (bad webhook, bad secret)."""
