"""The log: one line an event, in market time."""

import sys
import traceback
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TextIO, cast
from zoneinfo import ZoneInfo

from loguru import logger

from coinmon.clock import Clock
from coinmon.config.load import Config
from coinmon.secrets import redacted
from coinmon.spoken.phrases import speaker

if TYPE_CHECKING:
    from loguru import Record

_SPOKEN = "spoken"
SPOKEN = logger.bind(**{_SPOKEN: True})
"""Logs what readers are to understand, in English by a phrase that `words.zh.json` knows."""
Sink = Callable[[str], Any]


class LogStream(Protocol):
    """A text stream, or what stands for one."""

    def write(self, text: str, /) -> Any: ...

    def flush(self) -> Any: ...

    def isatty(self) -> bool: ...


def start_log(config: Config, clock: Clock, sink: Sink | LogStream | None = None, *, warns: bool = True) -> None:
    """Send the log to `sink` (standard error if None) and to the configured file.

    What is logged by `SPOKEN` is put into the log's language.

    warns: it begins with what is set and does nothing, and with plugins that are broken: whoever asks is to see it.
    """
    zone = ZoneInfo(config.timezone)

    def stamp(record: "Record") -> None:
        at = datetime.fromtimestamp(clock.now() / 1000, zone)
        record["extra"]["at"] = at.strftime("%Y-%m-%d %H:%M:%S")
        text = speaker(config.lang)(record["message"]) if record["extra"].get(_SPOKEN) else record["message"]
        if record["exception"]:
            # put into words here, so that what an exception tells is redacted too
            text += "\n" + "".join(traceback.format_exception(record["exception"].value)).rstrip()
            record["exception"] = None
        record["message"] = redacted(text)

    logger.remove()
    logger.configure(patcher=stamp)
    form = "{extra[at]} | {level: <5} - {message}"
    to = sys.stderr if sink is None else sink
    colour = not callable(to) and to.isatty()
    logger.add(
        cast("TextIO", to), format=form, level=config.log.level, colorize=colour, backtrace=False, diagnose=False
    )
    if config.log.file:
        config.log.file.parent.mkdir(parents=True, exist_ok=True)
        logger.add(config.log.file, format=form, level=config.log.level, rotation="20 MB", retention=5, diagnose=False)
    for each in config.warnings if warns else ():
        SPOKEN.warning("configuration: {}", each)


def end_log() -> None:
    """What is still to be written is written, before other lines follow; nothing is logged any more."""
    logger.remove()
    logger.configure(patcher=_as_it_is)


def _as_it_is(record: "Record") -> None:
    pass
