"""The tape: signals, whales and liquidations, newest first, each with why."""

from collections import deque
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from coinmon.command import DAY, CoinmonError, MarketReader, iso, speaker

_KEPT_EVENTS = 400
_LIQUIDATIONS_MIN = 60
"""Minutes whose liquidations are looked up."""
_MOST_OF_A_PAIR = 40
_SAID_MOST = 4096


class Tape:
    """What was told lately. `new` holds what readers have not been sent."""

    def __init__(self, reader: MarketReader) -> None:
        self._reader = reader
        self._events: deque[dict[str, Any]] = deque(maxlen=_KEPT_EVENTS)
        self._ids: set[str] = set()

    def take(self, event: Mapping[str, Any]) -> dict[str, Any] | None:
        """An event of the scan; as a row where it is one of the tape's and new."""
        if event["event"] not in ("signal", "whale"):
            return None
        made = row_of(event)
        if made["id"] in self._ids:
            return None
        self._ids.add(made["id"])
        self._events.appendleft(made)
        return made

    def rows(self, at: int | None = None) -> list[dict[str, Any]]:
        """Newest first: what is stored of a day before the moment, and what this process has heard."""
        moment = self._reader.now() if at is None else at
        try:
            stored = [row_of(each) for each in self._reader.signals(None, moment - DAY, moment + 1)]
            stored += self._forced(moment)
        except CoinmonError:
            stored = []
        heard = [] if at is not None else list(self._events)
        every = {each["id"]: each for each in (*stored, *heard)}
        found = [each for each in every.values() if at is None or each["time"] <= (iso(at) or "")]
        return sorted(found, key=lambda each: each["time"], reverse=True)[:_KEPT_EVENTS]

    def _forced(self, moment: int) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = []
        for pair in self._reader.pairs():
            market = self._reader.market(str(pair), moment)
            for venue, view in market.perp.items():
                for each in list(view.liquidations(_LIQUIDATIONS_MIN))[-_MOST_OF_A_PAIR:]:
                    side = "buy" if each.side > 0 else "sell"
                    made.append(
                        {
                            "id": f"liquidation {view.instrument.id} {each.time} {each.price} {each.base}",
                            "time": iso(each.time), "kind": "liquidation", "pair": str(pair), "grade": "",
                            "tone": "up" if each.side > 0 else "down", "side": side, "venue": venue,
                            "amount": each.base * each.price, "price": each.price, "why": {},
                        }
                    )  # fmt: skip
        return made


def row_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """A signal or a whale as a row: words and evidence in both languages."""
    base = {"id": str(event["id"]), "time": event["time"], "pair": event["pair"]}
    if event["event"] != "signal":
        side = str(event.get("side", ""))
        return base | {
            "kind": str(event["event"]), "grade": "", "tone": {"buy": "up", "sell": "down"}.get(side, ""), "side": side,
            "venue": str(event.get("venue", "")), "amount": event.get("quote"), "price": event.get("price"), "why": {},
        }  # fmt: skip
    return base | {
        "kind": "signal", "grade": event["grade"], "title": event["title"], "reading": event["reading"],
        "signal": event["signal"], "record": event.get("record"),
        "tone": {"bullish": "up", "bearish": "down"}.get(event["direction"], ""),
        "why": {lang: why(event["evidence"], lang) for lang in ("zh", "en")},
    }  # fmt: skip


def why(evidence: Mapping[str, Any], lang: str) -> list[tuple[str, str]]:
    """Nested evidence as names and values: with dots as it is written, or by the phrases of the signal's package."""
    if lang == "en":
        return [(".".join(names), value) for names, value in _flat(evidence, lang)]
    return [
        (" · ".join(_said(each, lang) for each in names), _said(value, lang)) for names, value in _flat(evidence, lang)
    ]


@lru_cache(_SAID_MOST)
def _said(name: str, lang: str) -> str:
    """A name of evidence or one that stands as its value; what no package has a phrase for stays as it is."""
    phrase = f"evidence.{name}"
    found = speaker(lang)(phrase) if name.isidentifier() else phrase
    return name if found == phrase else found


def _flat(value: Any, lang: str, *names: str) -> Sequence[tuple[tuple[str, ...], str]]:
    if isinstance(value, Mapping):
        if value.keys() == {"zh", "en"}:
            return [(names, str(value[lang]))]
        return [each for key, inner in value.items() for each in _flat(inner, lang, *names, str(key))]
    if isinstance(value, list | tuple):
        if any(isinstance(each, Mapping | list) for each in value):
            return [each for k, inner in enumerate(value, 1) for each in _flat(inner, lang, *names, str(k))]
        return [(names, ", ".join(map(_text, value)))]
    return [(names, _text(value))]


def _text(value: Any) -> str:
    return "-" if value is None else f"{value:,.6g}" if isinstance(value, float) else str(value)
