"""The core's own configuration keys: types, defaults, bounds and the words that explain them."""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from coinmon.model.moment import MINUTE, parse_duration, parse_time
from coinmon.model.signal import Grade
from coinmon.secrets import redacted

PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")
LEVELS = ("TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
DEFAULT_SESSIONS = "A=00:00-06:00,L=06:00-12:00,N=12:00-20:00,E=20:00-00:00"
_SYMBOL = re.compile(r"\w+(?:[/.:_-]\w+)*")
_CLOCK = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")

Sessions = Mapping[str, tuple[int, int]]
"""Start and end by name, in minutes of the day; an end that is not after its start lies on the next day."""


def _milliseconds(value: Any) -> int:
    if str(value).strip() in ("0", "0s", "0ms"):
        return 0
    return parse_duration(value)


def _interval(value: Any) -> int:
    if (ms := _milliseconds(value)) < 5000:
        raise ValueError(f"{value!r} is too short; the least is 5s")
    return ms


def _minutes(value: Any) -> int:
    bare = isinstance(value, int) or str(value).strip().isdigit()
    ms = parse_duration(f"{value}m" if bare else value)
    if ms % MINUTE:
        raise ValueError(f"{value!r} is not a whole number of minutes")
    return ms // MINUTE


def _listed(value: Any) -> Any:
    """A list, or a text with commas, or a JSON list in a text."""
    if isinstance(value, str):
        text = value.strip()
        try:
            value = json.loads(text) if text.startswith("[") else text.split(",")
        except ValueError:
            raise ValueError("expected a list such as A+,A or [A+, A]") from None
    if not isinstance(value, list | tuple):
        raise ValueError("expected a list")
    texts = [each.strip() if isinstance(each, str) else each for each in value]
    return tuple(dict.fromkeys(each for each in texts if each != ""))


def _symbols(value: Any) -> tuple[str, ...]:
    names = tuple(_listed(value))
    for name in names:
        if not (isinstance(name, str) and len(name) <= 80 and _SYMBOL.fullmatch(name)):
            raise ValueError(f"{name!r} is not a symbol; write BTCUSDT, BTC/USDT, okx:BTCUSDT or BTCUSDT.P")
    return names


def _coin(value: Any) -> str:
    if not (isinstance(value, str) and value.isalnum()):
        raise ValueError(f"{value!r} is not a currency such as USDT")
    return value.upper()


def _level(value: Any) -> str:
    name = str(value).upper().replace("WARN", "WARNING").replace("WARNINGING", "WARNING")
    if name not in LEVELS:
        raise ValueError(f"{value!r} is not a level; expected one of {', '.join(LEVELS)}")
    return name


def _zone(value: Any) -> str:
    try:
        ZoneInfo(str(value))
    except (ValueError, OSError, LookupError):
        raise ValueError(f"{value!r} is not a time zone; write an IANA name such as UTC or Asia/Shanghai") from None
    return str(value)


def proxy_url(value: Any) -> str | None:
    """A proxy's URL. Raises ValueError, without its password, for what is not one."""
    if value is None or value == "":
        return None
    expected = f"expected {'://, '.join(PROXY_SCHEMES)}://host:port"
    try:
        url = urlsplit(str(value))
        if url.scheme in PROXY_SCHEMES and url.hostname and url.port != 0:
            return str(value)
    except ValueError:
        pass
    raise ValueError(f"{redacted(str(value))!r} is not a proxy; {expected}")


def database_url(value: Any) -> str:
    """A SQLAlchemy URL; a plain path is SQLite's file."""
    text = str(value).strip()
    if "://" not in text:
        if not text or not isinstance(value, str):
            raise ValueError("expected sqlite:///FILE, postgresql://USER@HOST/NAME, or the path of a file")
        return "sqlite://" if text == ":memory:" else f"sqlite:///{Path(text).expanduser()}"
    scheme = text.split("://")[0].split("+")[0]
    if scheme not in ("sqlite", "postgresql"):
        hint = " (did you mean postgresql://?)" if scheme.startswith("pos") else ""
        raise ValueError(f"{scheme}:// is not a database that coinmon knows{hint}; sqlite:///FILE or postgresql://")
    return text


def _http_url(value: Any) -> str | None:
    if value is None or value == "":
        return None
    url = urlsplit(str(value))
    if url.scheme not in ("http", "https") or not url.netloc:
        raise ValueError(f"{redacted(str(value))!r} is not an address; write http://host:port")
    return str(value)


def parse_sessions(value: Any) -> Sessions:
    """`A=00:00-06:00,L=06:00-12:00`, or a mapping of names to `HH:MM-HH:MM`."""
    if isinstance(value, str):
        pairs = [part.strip().partition("=")[::2] for part in value.split(",") if part.strip()]
    elif isinstance(value, Mapping):
        pairs = [(str(name), str(span)) for name, span in value.items()]
    else:
        pairs = []
    sessions: dict[str, tuple[int, int]] = {}
    for name, span in pairs:
        ends = [_CLOCK.fullmatch(end.strip()) for end in span.split("-")]
        minutes = [int(end[1]) * 60 + int(end[2]) for end in ends if end]
        name = name.strip()
        if not name or len(ends) != 2 or len(minutes) != 2 or max(minutes) > 1440 or name in sessions:
            raise ValueError(f"'{name}={span}' is not a session; write NAME=HH:MM-HH:MM, each name once")
        sessions[name] = (minutes[0] % 1440, minutes[1])
    if not sessions:
        raise ValueError(f"expected sessions such as {DEFAULT_SESSIONS}")
    return sessions


def _moment(value: Any) -> str:
    text = value.isoformat() if isinstance(value, date | datetime) else str(value)
    parse_time(text)
    return text


Milliseconds = Annotated[int, BeforeValidator(_milliseconds)]
Symbols = Annotated[tuple[str, ...], BeforeValidator(_symbols)]
Coin = Annotated[str, BeforeValidator(_coin)]
Proxy = Annotated[str | None, BeforeValidator(proxy_url)]
Time = Annotated[str, BeforeValidator(_moment)]


class Section(BaseModel):
    """A part of the configuration; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class SymbolsConfig(Section):
    """What to watch: names, or every pair of an exchange, filtered."""

    names: Symbols = Field(
        default=("BTCUSDT", "ETHUSDT"), description="as people write them: BTCUSDT, okx:BTC/USDT, BTCUSDT.P"
    )
    all: str | None = Field(default=None, description="every pair of this exchange, instead of names")
    quote: Coin = Field(default="USDT", description="with `all`: only pairs in this quote currency")
    min_quote_volume: float | None = Field(
        default=None, ge=0, description="with `all`: least 24 h volume, quote currency"
    )
    exclude: Symbols = Field(default=(), description="with `all`: never these")
    limit: int | None = Field(default=None, ge=1, description="with `all`: at most so many, the most traded first")

    @model_validator(mode="before")
    @classmethod
    def _chosen(cls, given: Any) -> Any:
        """A bare list is the names; `all` without names watches no others."""
        values = {"names": given} if isinstance(given, str | list | tuple) else given
        if isinstance(values, Mapping) and values.get("all") and not values.get("names"):
            return {**values, "names": ()}
        return values


class LogConfig(Section):
    """The log, on stderr."""

    level: Annotated[str, BeforeValidator(_level)] = Field(
        default="INFO", description="TRACE, DEBUG, INFO, WARNING or ERROR"
    )
    file: Path | None = Field(default=None, description="also write it to this file")


class ClockConfig(Section):
    """A clock that is not the wall's, from `coinmon emulate`: market time was `at` when the wall's was `wall`."""

    at: Time
    wall: Time
    speed: float = Field(default=1.0, ge=0)

    @property
    def at_ms(self) -> int:
        return parse_time(self.at)

    @property
    def wall_ms(self) -> int:
        return parse_time(self.wall)


class PluginsConfig(Section):
    """Where plugins come from, and which are left out."""

    dir: Path | None = Field(default=None, description="a folder of plugin files, relative to this file")
    disabled: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        default=(), description="plugins (signals.whale), groups (signals), distributions, or offered names"
    )


class NotifyConfig(Section):
    """What is worth a message, and how many."""

    grades: Annotated[tuple[Grade, ...], BeforeValidator(_listed)] = Field(
        default=("A+", "A", "B+", "B"), description="grades of signal that are sent; the rest is only logged"
    )
    whale: bool = Field(default=True, description="send whale trades")
    whale_threshold: float = Field(
        default=500_000.0, gt=0, description="least whale trade that is sent, quote currency"
    )
    consensus: bool = Field(default=True, description="send a consensus that becomes strong")
    digest_minutes: int = Field(default=30, ge=1, description="minutes between digests of grade B")
    per_minute: int = Field(
        default=18, ge=1, le=20, description="messages a minute to one robot, which refuses more than 20"
    )


class ServeConfig(Section):
    """The MCP server."""

    host: str = Field(default="127.0.0.1", min_length=1, description="address to listen on; 0.0.0.0 for all")
    port: int = Field(default=8022, ge=0, le=65535, description="port to listen on")
    public_url: Annotated[str | None, BeforeValidator(_http_url)] = Field(
        default=None, description="the address at which others reach it, if another"
    )
    ping_interval: float = Field(default=15.0, gt=0, description="seconds between keepalives")


class Core(Section):
    """Every key that is not a plugin's."""

    symbols: SymbolsConfig = Field(default=SymbolsConfig())
    interval: Annotated[int, BeforeValidator(_interval)] = Field(
        default=60_000, description="time between scans, 5s or more"
    )
    settle: Milliseconds = Field(default=3_000, description="wait after the minute closes, for late trades")
    window: Annotated[int, BeforeValidator(_minutes)] = Field(
        default=50, ge=1, description="minutes that a fresh start collects back"
    )
    db: Annotated[str, BeforeValidator(database_url)] = Field(
        default="sqlite:///./data/coinmon.db",
        description="SQLAlchemy URL of SQLite or PostgreSQL, or the path of a file",
    )
    retention_days: int = Field(default=7, ge=1, description="days that bars are kept")
    lang: Literal["zh", "en"] = Field(default="zh", description="language of messages and tables: zh or en")
    timezone: Annotated[str, BeforeValidator(_zone)] = Field(
        default="UTC", description="time zone of days and sessions, an IANA name"
    )
    sessions: Annotated[Sessions, BeforeValidator(parse_sessions)] = Field(
        default=parse_sessions(DEFAULT_SESSIONS), description="parts of the day, NAME=HH:MM-HH:MM with commas between"
    )
    quotes: dict[Coin, Coin] = Field(
        default={"USD": "USDT", "USDC": "USDT"}, description="quote currencies counted as another"
    )
    whale_threshold: float = Field(default=200_000.0, gt=0, description="least trade that is a whale's, quote currency")
    proxy: Proxy = Field(
        default=None,
        description="of everything that does not set its own: http://, https://, socks5:// or socks5h://host:port",
    )
    log: LogConfig = Field(default=LogConfig())
    plugins: PluginsConfig = Field(default=PluginsConfig())
    notify: NotifyConfig = Field(default=NotifyConfig())
    serve: ServeConfig = Field(default=ServeConfig())
    clock: ClockConfig | None = Field(default=None)


def span(ms: int) -> str:
    """A duration as it is written in the configuration."""
    for unit, size in (("d", 1440 * MINUTE), ("h", 60 * MINUTE), ("m", MINUTE), ("s", 1000)):
        if ms % size == 0 and ms > size:
            return f"{ms // size}{unit}"
    return f"{ms // 1000}s" if ms % 1000 == 0 else f"{ms}ms"


def written(key: str, value: Any) -> Any:
    """A core key's value as it is written in the configuration."""
    if key in ("interval", "settle"):
        return span(value)
    if key == "window":
        return f"{value}m"
    if key == "sessions":
        clock = "{:02d}:{:02d}".format
        return ",".join(f"{n}={clock(*divmod(a, 60))}-{clock(*divmod(b, 60))}" for n, (a, b) in value.items())
    return value
