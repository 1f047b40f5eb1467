"""How single values are written in the configuration, and what is no such value.

Each reader raises ValueError with what was expected, and never with a password.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from coinmon.model.moment import MINUTE, parse_duration, parse_time
from coinmon.model.shard import Shard

LEVELS = ("TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
DEFAULT_PERCENTS = (0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 5.0)
"""Distances from the mid that books are summed up to."""
LEAST_BOOK_INTERVAL_MS = 1000
DEFAULT_SESSIONS = "A=00:00-06:00,L=06:00-12:00,N=12:00-20:00,E=20:00-00:00"
_SYMBOL = re.compile(r"\w+(?:[/.:_-]\w+)*")
_FULL_WIDTH_WORD = re.compile("[０-９Ａ-Ｚａ-ｚ]")
"""Letters and digits as Chinese and Japanese keyboards give them: no venue lists a coin by them."""
_FULL_WIDTH = str.maketrans({"，": ",", "、": ",", "：": ":", "；": ";", "＝": "=", "－": "-"})
"""Punctuation as Chinese and Japanese keyboards give it, and what it stands for where only punctuation can stand."""
_CLOCK = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")

Sessions = Mapping[str, tuple[int, int]]
"""Start and end by name, in minutes of the day; an end that is not after its start lies on the next day."""


def milliseconds(value: Any) -> int:
    if str(value).strip() in ("0", "0s", "0ms"):
        return 0
    return parse_duration(value)


def scan_interval(value: Any) -> int:
    return _not_below(5000, value)


def book_interval(value: Any) -> int:
    return _not_below(LEAST_BOOK_INTERVAL_MS, value)


def _not_below(least_ms: int, value: Any) -> int:
    if (ms := milliseconds(value)) < least_ms:
        raise ValueError(f"{value!r} is too short; the least is {span(least_ms)}")
    return ms


def shard(value: Any) -> Shard:
    return value if isinstance(value, Shard) else Shard.parse(str(value))


def minutes(value: Any) -> int:
    bare = isinstance(value, int) or str(value).strip().isdigit()
    ms = parse_duration(f"{value}m" if bare else value)
    if ms % MINUTE:
        raise ValueError(f"{value!r} is not a whole number of minutes")
    return ms // MINUTE


def listed(value: Any) -> Any:
    """A list, or a text with commas, or a JSON list in a text; a full-width comma is a comma."""
    if isinstance(value, list | tuple) and any(isinstance(each, str) and "，" in each for each in value):
        value = [part for each in value for part in (each.split("，") if isinstance(each, str) else [each])]
    if isinstance(value, str):
        text = value.strip().replace("，", ",").replace("、", ",")
        try:
            value = json.loads(text) if text.startswith("[") else text.split(",")
        except ValueError:
            raise ValueError("expected a list such as A+,A or [A+, A]") from None
    if not isinstance(value, list | tuple):
        raise ValueError("expected a list")
    texts = [each.strip() if isinstance(each, str) else each for each in value]
    return tuple(dict.fromkeys(each for each in texts if each != ""))


def symbols(value: Any) -> tuple[str, ...]:
    names = tuple(listed(value))
    for name in names:
        if not is_symbol(name):
            raise ValueError(no_symbol(name))
    return names


def symbol(text: str) -> str:
    """One symbol as it is typed."""
    if not is_symbol(text.strip()):
        raise ValueError(no_symbol(text))
    return text.strip()


def is_symbol(name: Any) -> bool:
    if not isinstance(name, str) or len(name) > 80 or _FULL_WIDTH_WORD.search(name):
        return False
    return _SYMBOL.fullmatch(name) is not None


def no_symbol(name: Any) -> str:
    """What a text that is no symbol is told, with the symbol that is in it."""
    text = " ".join(str(name)[:80].split())
    if not text:
        return "a symbol is missing; write BTCUSDT, BTC/USDT, okx:BTCUSDT or BTCUSDT.P"
    meant = unicodedata.normalize("NFKC", text).strip("()[]{}<>\"'`.,:;!?【】「」『』《》“”‘’。、 ")
    hint = f"did you mean {meant}? " if meant != text and is_symbol(meant) else ""
    typed = text if isinstance(name, str) else name
    return f"{typed!r} is not a symbol; {hint}write BTCUSDT, BTC/USDT, okx:BTCUSDT or BTCUSDT.P"


def coin(value: Any) -> str:
    if not (isinstance(value, str) and value.isalnum()):
        raise ValueError(f"{value!r} is not a currency such as USDT")
    return value.upper()


def log_level(value: Any) -> str:
    name = str(value).upper().replace("WARN", "WARNING").replace("WARNINGING", "WARNING")
    if name not in LEVELS:
        raise ValueError(f"{value!r} is not a level; expected one of {', '.join(LEVELS)}")
    return name


def time_zone(value: Any) -> str:
    try:
        ZoneInfo(str(value))
    except (ValueError, OSError, LookupError):
        raise ValueError(f"{value!r} is not a time zone; write an IANA name such as UTC or Asia/Shanghai") from None
    return str(value)


def parse_sessions(value: Any) -> Sessions:
    """`A=00:00-06:00,L=06:00-12:00`, or a mapping of names to `HH:MM-HH:MM`."""
    if isinstance(value, str):
        parts = value.translate(_FULL_WIDTH).split(",")
        pairs = [part.strip().partition("=")[::2] for part in parts if part.strip()]
    elif isinstance(value, Mapping):
        pairs = [(str(name), str(span).translate(_FULL_WIDTH)) for name, span in value.items()]
    else:
        pairs = []
    sessions: dict[str, tuple[int, int]] = {}
    for name, span in pairs:
        ends = [_CLOCK.fullmatch(end.strip()) for end in span.split("-")]
        clock = [int(end[1]) * 60 + int(end[2]) for end in ends if end]
        name = name.strip()
        if not name or len(ends) != 2 or len(clock) != 2 or max(clock) > 1440 or name in sessions:
            raise ValueError(f"'{name}={span}' is not a session; write NAME=HH:MM-HH:MM, each name once")
        sessions[name] = (clock[0] % 1440, clock[1])
    if not sessions:
        raise ValueError(f"expected sessions such as {DEFAULT_SESSIONS}")
    return sessions


def hours(value: Any) -> str:
    """`23:00-07:00`, past midnight too."""
    text = str(value).strip().translate(_FULL_WIDTH)
    ends = [_CLOCK.fullmatch(end.strip()) for end in text.split("-")]
    clock = [int(end[1]) * 60 + int(end[2]) for end in ends if end]
    if len(ends) != 2 or len(clock) != 2 or max(clock) >= 1440 or clock[0] == clock[1]:
        raise ValueError(f"{text!r} is not a span of hours; write 23:00-07:00")
    return "-".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in clock)


def time_text(value: Any) -> str:
    text = value.isoformat() if isinstance(value, date | datetime) else str(value)
    parse_time(text)
    return text


def span(ms: int) -> str:
    """A duration as it is written in the configuration."""
    for unit, size in (("d", 1440 * MINUTE), ("h", 60 * MINUTE), ("m", MINUTE), ("s", 1000)):
        if ms % size == 0 and ms > size:
            return f"{ms // size}{unit}"
    return f"{ms // 1000}s" if ms % 1000 == 0 else f"{ms}ms"


def written(key: str, value: Any) -> Any:
    """A core key's value as it is written in the configuration."""
    if key in ("interval", "settle", "notify.expire", "books.interval"):
        return span(value)
    if key == "window":
        return f"{value}m"
    if key == "shard":
        return str(value)
    if key == "sessions":
        clock = "{:02d}:{:02d}".format
        return ",".join(f"{n}={clock(*divmod(a, 60))}-{clock(*divmod(b, 60))}" for n, (a, b) in value.items())
    return value
