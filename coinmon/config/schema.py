"""The core's own configuration keys: types, defaults, bounds and the words that explain them."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from coinmon.config import addresses, parsers
from coinmon.config.parsers import DEFAULT_PERCENTS, DEFAULT_SESSIONS, Sessions
from coinmon.model.moment import parse_time
from coinmon.model.shard import WHOLE, Shard
from coinmon.model.signal import Grade

Milliseconds = Annotated[int, BeforeValidator(parsers.milliseconds)]
Symbols = Annotated[tuple[str, ...], BeforeValidator(parsers.symbols)]
CoinSetting = Annotated[str, BeforeValidator(parsers.coin)]
Proxy = Annotated[str | None, BeforeValidator(addresses.proxy_url)]
Percent = Annotated[float, Field(gt=0, le=20)]
TimeOfDay = Annotated[str, BeforeValidator(parsers.time_text)]


class Section(BaseModel):
    """A part of the configuration; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class SymbolsConfig(Section):
    """What to watch: names, or every pair of an exchange, filtered."""

    names: Symbols = Field(
        default=("BTCUSDT", "ETHUSDT"), description="as people write them: BTCUSDT, okx:BTC/USDT, BTCUSDT.P"
    )
    all: str | None = Field(default=None, description="every pair of this exchange, instead of names")
    quote: CoinSetting = Field(default="USDT", description="with `all`: only pairs in this quote currency")
    min_quote_volume: float | None = Field(
        default=None, ge=0, description="with `all`: least 24 h volume, quote currency"
    )
    exclude: Symbols = Field(default=(), description="with `all`: never these")
    limit: int | None = Field(default=None, ge=1, description="with `all`: at most so many, the most traded first")

    @model_validator(mode="before")
    @classmethod
    def _chosen(cls, given: Any) -> Any:
        """A bare list is the names; `all` without names watches no others."""
        wanted = {"names": given} if isinstance(given, str | list | tuple) else given
        if isinstance(wanted, Mapping) and wanted.get("all") and not wanted.get("names"):
            return {**wanted, "names": ()}
        return wanted


class LogConfig(Section):
    """The log, on stderr."""

    level: Annotated[str, BeforeValidator(parsers.log_level)] = Field(
        default="INFO", description="TRACE, DEBUG, INFO, WARNING or ERROR"
    )
    file: Path | None = Field(default=None, description="also write it to this file")


class ClockConfig(Section):
    """A clock that is not the wall's, from `coinmon emulate`: market time was `at` when the wall's was `wall`."""

    at: TimeOfDay
    wall: TimeOfDay
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
    disabled: Annotated[tuple[str, ...], BeforeValidator(parsers.listed)] = Field(
        default=(), description="plugins (signals.whale), groups (signals), distributions, or offered names"
    )


class BooksConfig(Section):
    """Order books: how much rests near the price is sampled, `books: false` switches it off."""

    enabled: bool | None = Field(default=None, description="true or false; not set: where at most 8 coins are followed")
    interval: Annotated[int, BeforeValidator(parsers.book_interval)] = Field(
        default=10_000, description="time between two samples, 1s or more"
    )
    percents: Annotated[tuple[Percent, ...], BeforeValidator(parsers.listed)] = Field(
        default=DEFAULT_PERCENTS,
        min_length=1,
        description="distances from the mid that are summed up to",
    )

    @model_validator(mode="before")
    @classmethod
    def _switched(cls, given: Any) -> Any:
        return {"enabled": given} if isinstance(given, bool) else given


GradeList = Annotated[tuple[Grade, ...], BeforeValidator(parsers.listed)]
Hours = Annotated[str | None, BeforeValidator(lambda value: None if value is None else parsers.hours(value))]


Requirement = Literal["any", "not_worse", "proven"]


class NotifyConfig(Section):
    """What is worth a message, and how many."""

    grades: GradeList = Field(
        default=("A+", "A", "B+", "B"), description="grades of signal that are sent; the rest is only logged"
    )
    whale: bool = Field(default=True, description="send whale trades")
    whale_threshold: float = Field(
        default=500_000.0, gt=0, description="least whale trade that is sent, quote currency"
    )
    consensus: bool = Field(default=True, description="send a consensus that becomes strong")
    ended: bool = Field(default=True, description="also tell when a signal that was sent is over, or has failed")
    digest_minutes: int = Field(default=30, ge=1, description="minutes between digests of grade B")
    quiet: Hours = Field(default=None, description="hours without messages, 23:00-07:00; what was held follows as one")
    quiet_grades: GradeList = Field(default=("A+",), description="grades that are sent in quiet hours all the same")
    expire: Milliseconds = Field(
        default=30 * 60_000, gt=0, description="time after which what could not be sent is told in a digest"
    )
    per_minute: int = Field(
        default=18, ge=1, le=20, description="messages a minute to one robot, which refuses more than 20"
    )
    require: Requirement = Field(
        default="any",
        description="record that a graded signal needs to be sent: proven, not_worse (than chance) or any",
    )
    at_all_requires: Requirement = Field(
        default="any", description="record that it needs to page everyone: proven, not_worse or any"
    )


class VenueCosts(Section):
    """What trading costs on one venue; what is not set is as `costs` says."""

    taker: float | None = Field(default=None, ge=0, le=5, description="fee of a taker order, percent")
    spread: float | None = Field(default=None, ge=0, le=5, description="from the bid to the ask, percent")
    slippage: float | None = Field(default=None, ge=0, le=5, description="of entry and exit together, percent")


class CostsConfig(Section):
    """What a round trip costs, by which a signal's record is judged: twice the taker fee, the spread and slippage."""

    taker: float = Field(
        default=0.05, ge=0, le=5, description="fee of a taker order, percent: most venues' first tier of perpetuals"
    )
    spread: float = Field(default=0.01, ge=0, le=5, description="from the bid to the ask, percent")
    slippage: float = Field(default=0.02, ge=0, le=5, description="of entry and exit together, percent")
    venues: dict[str, VenueCosts] = Field(
        default={}, description="a venue's own, such as {coinbase: {taker: 0.6}}; what is not set is as above"
    )

    def round_trip(self, venues: Collection[str]) -> float:
        """In percent: the mean over these venues, whose prices together are the price that judges."""
        several = [self._of(self.venues.get(name, _AS_ALL)) for name in venues] or [self._of(_AS_ALL)]
        return sum(several) / len(several)

    def _of(self, venue: VenueCosts) -> float:
        taker, spread, slippage = (
            own if own is not None else everyone
            for own, everyone in (
                (venue.taker, self.taker), (venue.spread, self.spread), (venue.slippage, self.slippage)
            )
        )  # fmt: skip
        return 2 * taker + spread + slippage


_AS_ALL = VenueCosts()


class RouteConfig(Section):
    """What one output is told; what is not set is as `notify` says."""

    grades: GradeList | None = Field(default=None, description="grades of signal that are sent")
    pairs: Symbols | None = Field(default=None, description="only these pairs")
    whale: bool | None = Field(default=None, description="send whale trades")
    whale_threshold: float | None = Field(default=None, gt=0, description="least whale trade, quote currency")
    consensus: bool | None = Field(default=None, description="send a consensus that becomes strong")
    ended: bool | None = Field(default=None, description="also tell when a signal that was sent is over, or has failed")
    digest: GradeList | None = Field(default=None, description="grades that are told in a digest, not at once")
    quiet: Hours = Field(default=None, description="hours without messages")
    quiet_grades: GradeList | None = Field(default=None, description="grades that are sent in quiet hours all the same")
    per_minute: int | None = Field(default=None, ge=1, le=600, description="messages a minute")
    require: Requirement | None = Field(default=None, description="record that a graded signal needs to be sent")
    at_all_requires: Requirement | None = Field(default=None, description="record that it needs to page everyone")


class ReplayCacheConfig(Section):
    """Months of pairs that `backtest` computed: what is as it was is not computed again."""

    dir: Path | None = Field(
        default=None,
        description="folder they are kept in (default: replays, beside a SQLite file; .replays, in a lake)",
    )
    max_mb: int = Field(default=500, ge=1, description="megabytes that are kept; those of no use for longest go first")


class ServeConfig(Section):
    """The MCP server."""

    host: str = Field(default="127.0.0.1", min_length=1, description="address to listen on; 0.0.0.0 for all")
    port: int = Field(default=8022, ge=0, le=65535, description="port to listen on")
    public_url: Annotated[str | None, BeforeValidator(addresses.http_url)] = Field(
        default=None, description="the address at which others reach it, if another"
    )
    ping_interval: float = Field(default=15.0, gt=0, description="seconds between keepalives")
    token: str | None = Field(
        repr=False,
        default=None,
        min_length=8,
        description="secret that clients must send; required beyond this machine",
    )
    authorization_server: Annotated[str | None, BeforeValidator(addresses.http_url)] = Field(
        default=None, description="OAuth server whose tokens are taken too, signed for public_url/mcp"
    )
    toolset: Literal["core", "all"] = Field(
        default="core", description="core: the twenty most useful tools; all: also each indicator's own"
    )
    max_tokens: int = Field(default=3500, ge=300, le=20_000, description="size of an answer, in tokens of four bytes")
    requests_per_second: float = Field(default=1000.0, gt=0, description="of one client address")


class Core(Section):
    """Every key that is not a plugin's."""

    symbols: SymbolsConfig = Field(default=SymbolsConfig())
    interval: Annotated[int, BeforeValidator(parsers.scan_interval)] = Field(
        default=60_000, description="time between scans, 5s or more"
    )
    settle: Milliseconds = Field(default=3_000, description="wait after the minute closes, for late trades")
    window: Annotated[int, BeforeValidator(parsers.minutes)] = Field(
        default=50, ge=1, le=10_080, description="minutes that a fresh start collects back, a week at most"
    )
    db: Annotated[str, BeforeValidator(addresses.database_url)] = Field(
        default="sqlite:///./data/coinmon.db",
        description="SQLAlchemy URL of SQLite or PostgreSQL, or the path of a file",
    )
    shard: Annotated[Shard, BeforeValidator(parsers.shard)] = Field(
        default=WHOLE, description="i/n: follow only the i-th part of the pairs, where n scanners share a database"
    )
    retention_days: int = Field(
        default=15, ge=1, description="days that bars are kept; the levels of the previous week need up to 14"
    )
    levels_days: int = Field(default=30, ge=1, description="days that the volumes at each price are kept")
    samples_days: int | None = Field(
        default=None,
        ge=1,
        description="days that open interest, funding, books and liquidations are kept (default: retention_days)",
    )
    deliveries_days: int = Field(
        default=90, ge=1, description="days that it is kept how each message was delivered; signals are kept for good"
    )
    lang: Literal["zh", "en"] = Field(default="zh", description="language of messages and tables: zh or en")
    timezone: Annotated[str, BeforeValidator(parsers.time_zone)] = Field(
        default="UTC", description="time zone of days and sessions, an IANA name"
    )
    sessions: Annotated[Sessions, BeforeValidator(parsers.parse_sessions)] = Field(
        default=parsers.parse_sessions(DEFAULT_SESSIONS),
        description="parts of the day, NAME=HH:MM-HH:MM with commas between",
    )
    quotes: dict[CoinSetting, CoinSetting] = Field(
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
    preset: Literal["seed", "calm"] = Field(
        default="seed",
        description="thresholds of signals that are not set: seed, as they are documented; calm: in each pair's own "
        "usual flow, so that noise pages once in ten days at most (`coinmon scorecard --noise` says what each means)",
    )
    costs: CostsConfig = Field(default=CostsConfig())
    books: BooksConfig = Field(default=BooksConfig())
    replay_cache: ReplayCacheConfig = Field(default=ReplayCacheConfig())
    serve: ServeConfig = Field(default=ServeConfig())
    clock: ClockConfig | None = Field(default=None)
