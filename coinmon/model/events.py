"""What a scan says as it happens, a struct for each kind: the lines of `coinmon scan --json`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType, convert
from msgspec.structs import fields

from coinmon.model.signal import Direction, Grade

FlowVerdict = Literal["strong_bull", "strong_bear", "lean_bull", "lean_bear", "mixed"]


class ScanStarted(Struct, frozen=True, tag_field="event", tag="scan_started"):
    """A cycle begins. time: ISO 8601 UTC, like all times of events.

    all_of: the exchange of which every pair is watched; absent where the pairs were named.
    """

    time: str
    cycle: int
    pairs: int
    instruments: int
    venues: Sequence[str]
    all_of: str | UnsetType = UNSET


class VenueEvent(Struct, frozen=True, tag_field="event", tag="venue"):
    """How a venue's round went. streamed: instruments whose trades come by stream; null where there is no stream."""

    time: str
    venue: str
    status: Literal["ok", "degraded", "down", "blocked"]
    requests: int
    seconds: float
    instruments: int
    error: str | None
    streamed: int | None


class FlowOfVenue(Struct, frozen=True):
    """The money of one venue's spot market over the window; all but `listed` is null where it was not seen.

    listed: null where the venue is down and did not say. net_flow: taker buys less sells, quote currency. ratio: buys
    to sells. zscore: of the flow among those of the time before. coverage: share of the window's minutes seen.
    complete: their number, of `minutes`. warming: the minutes that lack are before the scan began.
    """

    instrument: str | None = None
    listed: bool | None = None
    net_flow: float | None = None
    ratio: float | None = None
    net_flow_pct: float | None = None
    zscore: float | None = None
    coverage: float | None = None
    complete: int | None = None
    warming: bool | None = None
    minutes: int | None = None


class FlowEvent(Struct, frozen=True, tag_field="event", tag="flow"):
    """The fund flow of a pair on every venue, and what the venues say together.

    window: closed minutes looked at. total: of all venues, null unless all were seen. consensus: their verdict; null
    with the reason where there is none.
    """

    time: str
    pair: str
    price: float | None
    currency: str
    window: int | None
    venues: Mapping[str, FlowOfVenue]
    total: float | None
    consensus: FlowVerdict | None
    consensus_reason: str | None
    coverage: float | None


class BothLanguages(Struct, frozen=True):
    """The same text twice."""

    zh: str
    en: str

    def say(self, lang: str) -> str:
        return self.zh if lang == "zh" else self.en


class AlertRecord(Struct, frozen=True):
    """What signals of that name and direction were worth, by a scorecard that was stored before (docs/worth.md).

    told: how often in `days`; judged: of those, how many have an outcome after the signal's own horizon. median_pct,
    base_pct: what the price did, and what it usually does. hit: share, low, high; after_costs_pct: mean, low, high (95
    % intervals). verdict: null before a month's end has judged. scorecard: hash of the stored row, `as_of` its moment.
    """

    told: int
    verdict: Literal["too few", "not proven", "edge, not after costs", "proven", "worse than chance"] | None
    days: int | None
    scorecard: str | None
    as_of: str | None
    text: BothLanguages
    judged: int = 0
    independent: float | None = None
    horizon_minutes: int | None = None
    median_pct: float | None = None
    base_pct: float | None = None
    hit: Sequence[float | None] | None = None
    after_costs_pct: Sequence[float | None] | None = None


class SignalEvent(Struct, frozen=True, tag_field="event", tag="signal"):
    """A signal began, or became graver than it was when it was told before (`graver_than`, else absent).

    grade: null in a test message only. evidence: the numbers used, as the signal's plugin gives them. record: absent
    where nothing is told to anybody, such as in a replay. situation: price, its change, open interest, funding, nearest
    support and resistance, absent like the record. cooldown_minutes: in which one that ended goes on if it is back;
    absent in what was stored before there was one.
    """

    id: str
    time: str
    pair: str
    signal: str
    grade: Grade | None
    direction: Direction
    title: BothLanguages
    reading: BothLanguages
    advice: BothLanguages | None
    evidence: Mapping[str, Any]
    graver_than: Grade | UnsetType = UNSET
    record: AlertRecord | UnsetType = UNSET
    situation: Mapping[str, Any] | UnsetType = UNSET
    cooldown_minutes: float | UnsetType = UNSET


class WhaleEvent(Struct, frozen=True, tag_field="event", tag="whale"):
    """One very large taker order. time: of its trade. base, quote: its size. fills: trades that it was filled by."""

    id: str
    time: str
    pair: str
    instrument: str
    venue: str
    kind: Literal["spot", "perp"]
    side: Literal["buy", "sell"]
    price: float
    base: float
    quote: float
    trade_id: int
    fills: int


class DeliveryEvent(Struct, frozen=True, tag_field="event", tag="delivery"):
    """What came of an attempt to send a signal. message: the id that the receiver saw, of a digest that of all."""

    time: str
    signal: str
    message: str
    output: str
    state: str
    attempts: int
    error: str | None


class ScanFinished(Struct, frozen=True, tag_field="event", tag="scan_finished"):
    """A cycle ended. signals, whales: how many were new. failing_plugins: what failed, and why."""

    time: str
    cycle: int
    seconds: float
    pairs: int
    signals: int
    whales: int
    coverage: float | None
    failing_plugins: Mapping[str, str]
    health: Mapping[str, Any]


class PluginEvent(Struct, frozen=True):
    """A signal without a grade, of a plugin: an event of its own name, its evidence as further fields."""

    event: str
    id: str
    time: str
    pair: str
    evidence: Mapping[str, Any]


class DigestEvent(Struct, frozen=True, tag_field="event", tag="digest"):
    """Several events told to an output together; never a line of `scan --json`. events: as they would be alone."""

    id: str
    time: str
    reason: Literal["digest", "quiet", "busy", "late"]
    events: Sequence[Mapping[str, Any]]


ToldEvent = SignalEvent | WhaleEvent | PluginEvent
"""What a signal plugin makes: it is stored, and delivered for certain."""
ScanEvent = ScanStarted | VenueEvent | FlowEvent | SignalEvent | WhaleEvent | DeliveryEvent | ScanFinished
"""The kinds that have a name of their own."""
Event = ScanEvent | PluginEvent


def kind_of(event: Event | DigestEvent) -> str:
    """What stands in the field `event` of its line."""
    return event.event if isinstance(event, PluginEvent) else str(event.__struct_config__.tag)


def as_json(event: Event | DigestEvent) -> dict[str, Any]:
    """The JSON object: the kind first, then the fields in their order. Outputs get it, and it is what is stored."""
    if isinstance(event, PluginEvent):
        return {
            "event": event.event, "id": event.id, "time": event.time, "pair": event.pair, **event.evidence
        }  # fmt: skip
    return {"event": kind_of(event), **dict(_fields(event))}


def _fields(struct: Struct) -> Iterator[tuple[str, Any]]:
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        if value is not UNSET:
            yield name, _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Struct):
        return dict(_fields(value))
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return value


WHALE_EVIDENCE = frozenset(each.name for each in fields(WhaleEvent)) - {"id", "pair"}
"""What a signal's evidence has to hold to be a whale trade."""


def from_json(event: Mapping[str, Any]) -> Event | DigestEvent:
    """An event from its JSON object, such as an output gets. Raises msgspec.ValidationError where it is none.

    Of a kind that none of these has, it is a plugin's own.
    """
    known = event.get("event")
    for kind in (*ScanEvent.__args__, DigestEvent):
        if kind.__struct_config__.tag == known:
            return convert(event, kind)  # type: ignore[no-any-return]
    own = ("event", "id", "time", "pair")
    head = [event.get(name) for name in own]
    return convert(
        {**dict(zip(own, head, strict=True)), "evidence": {k: v for k, v in event.items() if k not in own}}, PluginEvent
    )
