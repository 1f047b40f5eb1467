"""What an address asks for, checked: who sends a wrong one is told what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from coinmon.command import CANDLES, ConfigError, MarketReader, iso, parse_time

LANG_COOKIE, ZONE_COOKIE = "coinmon_lang", "coinmon_zone"
_LONGEST_VALUE = 100
_KNOWN = ("at", "market", "candle", "lang", "zone", "from", "to", "next", "grade", "kind", "pair", "symbol")


@dataclass(frozen=True)
class Address:
    """at: as of which moment, ms UTC; None: the present. market: `spot`, `perp`, an instrument's id; None: all spot.

    candle: how long a candle is, a name of `CANDLES`; None: what shows two days at once.
    """

    at: int | None
    market: str | None
    lang: str
    zone: str
    candle: str | None = None

    def query(self, **changes: str | None) -> str:
        """The address's own parameters, with changes; empty where nothing differs from the present."""
        given = {"at": iso(self.at) if self.at is not None else None, "market": self.market,
                 "candle": self.candle} | changes  # fmt: skip
        kept = {name: value for name, value in given.items() if value}
        return f"?{urlencode(kept)}" if kept else ""

    def data(self, name: str, **given: str | None) -> str:
        """Where a page of this address fetches its data, letter for letter: a browser is told of it in the document."""
        kept = {key: value for key, value in given.items() if value}
        return f"/desk/{name}?{urlencode({'lang': self.lang, 'zone': self.zone} | kept)}"


def address_of(
    given: Mapping[str, str], reader: MarketReader, cookies: Mapping[str, str] | None = None
) -> Address:  # fmt: skip
    """Raises ConfigError with the parameter's name and what it may be."""
    cookies = cookies or {}
    for name, value in given.items():
        if name not in _KNOWN:
            raise ConfigError(f"{name[:_LONGEST_VALUE]!r}: no such parameter; there are {', '.join(_KNOWN)}")
        if len(value) > _LONGEST_VALUE and name != "next":
            raise ConfigError(f"{name}: longer than {_LONGEST_VALUE} characters")
    for name in ("from", "to"):
        if given.get(name):
            _moment(name, given[name])
    at = _moment("at", given["at"]) if given.get("at") else None
    if at is not None and at > reader.now():
        raise ConfigError(f"at: {iso(at)} has not come yet; it is {iso(reader.now())}")
    cookie_lang = cookies.get(LANG_COOKIE)
    lang = given.get("lang") or (cookie_lang if cookie_lang in ("zh", "en") else None) or reader.config.lang
    if lang not in ("zh", "en"):
        raise ConfigError(f"lang: {lang!r} is not a language here; there are zh and en")
    candle = given.get("candle") or None
    if candle is not None and candle not in CANDLES:
        raise ConfigError(f"candle: {candle!r} is no length of a candle; there are {', '.join(CANDLES)}")
    zone = given.get("zone")
    if zone is None:
        kept = cookies.get(ZONE_COOKIE, "UTC")
        zone = kept if _is_zone(kept) else "UTC"
    if not _is_zone(zone):
        raise ConfigError(f"zone: {zone!r} is not a time zone; write an IANA name such as Asia/Shanghai or UTC")
    return Address(at, given.get("market") or None, lang, zone, candle)


def _moment(name: str, text: str) -> int:
    try:
        found = parse_time(text)
        iso(found)
    except (ValueError, OverflowError, OSError) as error:
        raise ConfigError(f"{name}: {error}") from None
    if found < 0:
        raise ConfigError(f"{name}: {text!r} lies before 1970")
    return found


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True
