"""Environment names and `.env`: what each name sets. The names of the systems that came before keep working."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from coinmon.config.parsers import LEAST_BOOK_INTERVAL_MS, span
from coinmon.errors import ConfigError

CONFIG = "COINMON_CONFIG"

NAMES: dict[str, str] = {
    "SYMBOLS": "symbols.names",
    "SESSIONS": "sessions",
    "LOG_LEVEL": "log.level",
    "WHALE_THRESHOLD": "whale_threshold",
    "CACHE_DB_PATH": "db",
    "DATA_RETENTION_DAYS": "retention_days",
    "BINANCE_REST_URL": "exchanges.binance.futures_url",
    "BINANCE_WS_URL": "exchanges.binance.usdm_ws_url",
    "HEATMAP_ENABLED": "books.enabled",
    "HEATMAP_SAMPLE_INTERVAL_MS": "books.interval",
    "HEATMAP_INTERVAL_SEC": "books.interval",
    "HEATMAP_LOOKBACK_MINUTES": "indicators.heatmap.window",
    "ORDERBOOK_DEPTH_PERCENT": "indicators.depth_delta.percent",
    "IMBALANCE_RATIO_THRESHOLD": "indicators.imbalance.ratio",
    "IMBALANCE_CONSECUTIVE_LEVELS": "indicators.imbalance.consecutive",
    "FOOTPRINT_TICK_SIZE_BTC": "indicators.footprint.bin_size.BTC",
    "FOOTPRINT_TICK_SIZE_ETH": "indicators.footprint.bin_size.ETH",
    "ENABLE_DINGTALK": "outputs.dingtalk.enabled",
    "DINGTALK_WEBHOOK": "outputs.dingtalk.webhook",
    "DINGTALK_SECRET": "outputs.dingtalk.secret",
    "ENABLE_WECHAT": "outputs.wecom.enabled",
    "WECHAT_WEBHOOK": "outputs.wecom.webhook",
    "NOTIFY_GRADES": "notify.grades",
    "WHALE_NOTIFY_THRESHOLD": "notify.whale_threshold",
    "ENABLE_WHALE_NOTIFY": "notify.whale",
    "ENABLE_CONSENSUS_NOTIFY": "notify.consensus",
    "MCP_HOST": "serve.host",
    "MCP_PORT": "serve.port",
    "MCP_PUBLIC_URL": "serve.public_url",
    "MCP_TOKEN": "serve.token",
    "MCP_AUTHORIZATION_SERVER": "serve.authorization_server",
    "MCP_SSE_PING_INTERVAL_SEC": "serve.ping_interval",
    "COINMON_DB": "db",
    "COINMON_LANG": "lang",
}
"""Which key a name sets. Of two names for one key the later one here wins."""

ELSEWHERE: dict[str, str] = {
    "TIMEFRAME": "bars are of one minute, and `window` is how many of them are looked at",
    "LIMIT_KLINE": "`window` is how many minutes are looked at, and they are fetched as far as they are missing",
    "ENABLE_MULTI_SYMBOL": "`symbols` (SYMBOLS) are what is watched, `symbols.all` every pair of an exchange",
    "EXCHANGES": "`exchanges` says which are on",
}
"""Names of the older monitor that set nothing, and what stands in their place."""

LEGACY_SESSIONS: dict[str, tuple[str, str]] = {
    "TOKYO_SESSION": ("TOKYO", "00:00-09:00"),
    "LONDON_SESSION": ("LONDON", "07:00-16:00"),
    "NY_SESSION": ("NY", "13:00-22:00"),
}
"""Session and its default; used only when sessions are set nowhere else, and at least one of these is."""

_POSITIVE = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_COUNT = Annotated[int, Field(ge=1)]

_KINDS: dict[str, Any] = {
    "BINANCE_WS_URL": Annotated[str, Field(pattern=r"^wss?://\S+$")],
    "HEATMAP_ENABLED": bool,
    "HEATMAP_INTERVAL_SEC": _POSITIVE,
    "HEATMAP_LOOKBACK_MINUTES": _COUNT,
    "HEATMAP_SAMPLE_INTERVAL_MS": _POSITIVE,
    "ORDERBOOK_DEPTH_PERCENT": Annotated[float, Field(gt=0, le=20)],
    "IMBALANCE_RATIO_THRESHOLD": Annotated[float, Field(gt=1, allow_inf_nan=False)],
    "IMBALANCE_CONSECUTIVE_LEVELS": _COUNT,
    "FOOTPRINT_TICK_SIZE_BTC": _POSITIVE,
    "FOOTPRINT_TICK_SIZE_ETH": _POSITIVE,
}
"""What values of the older order-flow server's names are, whatever they set."""
_UNITS = {"HEATMAP_INTERVAL_SEC": ("s", 1000), "HEATMAP_SAMPLE_INTERVAL_MS": ("ms", 1)}
"""Times between samples of books, written without their unit; each with its milliseconds."""

PROXY_NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
"""Read by the plugins themselves, in either case, where no proxy is configured."""


@dataclass
class Names:
    """What a `.env` file or the environment says. Names that are set but empty are not set."""

    where: str
    keys: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Dotted key to (name, value)."""
    sessions: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    strange: dict[str, str] = field(default_factory=dict)
    """Names that do nothing, or not all that is asked, and why."""


def read_names(where: str, values: Mapping[str, str]) -> Names:
    """The names that coinmon knows among `values`."""
    names = Names(where)
    for name, key in NAMES.items():
        if (value := values.get(name, "").strip()) and _is_of_kind(name, value, names):
            names.keys[key] = (name, _with_unit(name, value, names) if name in _UNITS else value)
    names.sessions = {name: value for name in LEGACY_SESSIONS if (value := values.get(name, "").strip())}
    ours = {*NAMES, *LEGACY_SESSIONS, CONFIG}
    for name in values:
        if name.startswith("COINMON_") and name not in ours:
            near = difflib.get_close_matches(name, ours, 1)
            names.strange[name] = f"sets nothing{f' (did you mean {near[0]}?)' if near else ''}"
        elif name in ELSEWHERE and values[name].strip():
            names.strange[name] = f"sets nothing: {ELSEWHERE[name]}"
        elif where == ".env" and name.upper() in PROXY_NAMES:
            names.strange[name] = "works only in the environment itself; here, set `proxy` in config.yaml"
    return names


def _is_of_kind(name: str, value: str, names: Names) -> bool:
    try:
        TypeAdapter(_KINDS.get(name, str)).validate_python(value)
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        names.problems.append(f"{names.where} {name}: {message[:1].lower()}{message[1:]}")
        return False
    return True


def _with_unit(name: str, value: str, names: Names) -> str:
    """A time between samples, as a duration; one that is shorter than any here is the shortest, and that is said."""
    unit, size = _UNITS[name]
    if float(value) * size >= LEAST_BOOK_INTERVAL_MS:
        return f"{value}{unit}"
    least = span(LEAST_BOOK_INTERVAL_MS)
    names.strange[name] = f"is taken as {least}: books are sampled no more often than that"
    return least


def read_env_file(path: Path) -> dict[str, str]:
    """KEY=VALUE lines: quotes, `export`, comments. Raises ConfigError with every bad line, never its content."""
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None
    from dotenv.parser import parse_stream

    values: dict[str, str] = {}
    problems: list[str] = []
    # a `$` in a secret is a `$`: nothing is put in for names
    for each in parse_stream(StringIO(text)):
        if each.error or (each.key and (each.value is None or not each.key.isidentifier())):
            written = each.original.string
            number = each.original.line + written[: len(written) - len(written.lstrip())].count("\n")
            closed = ", with quotes that are closed" if "=" in written else ""
            problems.append(f"{path}, line {number}: expected NAME=VALUE{closed}")
        elif each.key:
            values[each.key] = str(each.value)
    if problems:
        raise ConfigError("\n".join(problems))
    return values


def names_for(key: str) -> list[str]:
    """The names that set a key."""
    return [name for name, sets in NAMES.items() if sets == key]
