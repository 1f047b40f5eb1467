"""The border for what indicators and exchanges answer: checked before the core looks at it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from typing import Any

from msgspec.structs import replace as changed

from coinmon.market.read_only import holds_none
from coinmon.market.result import Result
from coinmon.model.events import FlowEvent, as_json, from_json
from coinmon.model.instrument import Instrument
from coinmon.model.signal import Bilingual
from coinmon.plugin.border import MAX_KEY, NotAsAgreed, clean, kind_of, plain
from coinmon.printable import is_printable


def result_of(result: Any) -> Result:
    """What an indicator of somebody else's gave. Raises NotAsAgreed for what cannot be written as JSON, or shown."""
    if not isinstance(result, Result):
        raise NotAsAgreed(f"it returned {kind_of(result)} that is not a Result")
    said = result.model_dump()
    for name, value in said.items():
        if not _shown(plain(value, name)) or not _shown(value):
            raise NotAsAgreed(f"{name} has characters that command a terminal")
    return result


def flow_of(said: Any, checked: bool) -> FlowEvent:
    """What an indicator's result says of a pair's money. Raises NotAsAgreed, and ValidationError, for what is none.

    checked: whether to look at each field too, as at those of somebody else's.
    """
    if not isinstance(said, FlowEvent):
        raise NotAsAgreed(f"it returned {kind_of(said)}; expected a FlowEvent")
    if not checked:
        return said
    sound = from_json(plain(as_json(said), "flow"))
    assert isinstance(sound, FlowEvent)
    # the reason keeps its two languages
    return changed(sound, consensus_reason=said_of(said.consensus_reason))


def said_of(said: Any) -> Any:
    """A copy of what a result says or draws of itself (its line, cells, panel), without commands to a terminal."""
    if isinstance(said, Bilingual):
        return Bilingual(clean(said.zh), clean(said))
    if isinstance(said, str):
        return clean(said)
    if is_dataclass(said) and not isinstance(said, type):
        return replace(said, **{each.name: said_of(getattr(said, each.name)) for each in fields(said)})
    if hasattr(said, "dtype") and said.dtype.kind in "OU":
        return said_of(said.tolist())
    return [said_of(each) for each in said] if isinstance(said, Sequence) and not isinstance(said, bytes) else said


def listed(said: Any, venue: str) -> tuple[list[Instrument], list[str]]:
    """What an exchange lists, and what was left out of it and why. Raises NotAsAgreed for what is no list."""
    if not isinstance(said, Iterable) or isinstance(said, str | bytes | Mapping):
        raise NotAsAgreed(f"instruments returned {kind_of(said)}; expected a list of Instrument")
    sound: list[Instrument] = []
    left_out: list[str] = []
    for each in said:
        problem = _problem(each, venue)
        if problem is None:
            sound.append(each)
        else:
            left_out.append(problem)
    return sound, left_out


def kept(said: Any) -> Any:
    """What an exchange gave, with copies of the arrays in it: it may fill the same ones again for its next answer."""
    kind = type(said)
    if hasattr(said, "dtype"):
        return said.copy()
    if kind in (list, tuple):
        return said if all(map(holds_none, set(map(type, said)))) else kind(map(kept, said))
    if not is_dataclass(kind) or holds_none(kind):
        return said
    held = {each.name: getattr(said, each.name) for each in fields(kind) if each.init}
    own = {name: kept(value) for name, value in held.items()}
    return replace(said, **{name: value for name, value in own.items() if value is not held[name]})


def mapping_of(said: Any, method: str, kind: type) -> dict[str, Any]:
    """What an exchange says by instrument. Raises NotAsAgreed where it, or a value of it, is something else."""
    if not isinstance(said, Mapping):
        raise NotAsAgreed(f"{method} returned {kind_of(said)}; expected a mapping by instrument id")
    for each in said.values():
        if not isinstance(each, kind):
            raise NotAsAgreed(f"{method} returned {kind_of(each)} where a {kind.__name__} is expected")
    return dict(said)


def _problem(each: Any, venue: str) -> str | None:
    if not isinstance(each, Instrument) or each.venue != venue:
        return f"it listed {kind_of(each)} that is not an Instrument of its own"
    for name in (each.base, each.quote, each.native_id, each.symbol):
        if not (isinstance(name, str) and 0 < len(name) <= MAX_KEY and is_printable(name)):
            return f"it listed {clean(str(name))[:80]!r}, which is no name"
    if each.kind not in ("spot", "perp"):
        return f"it listed {each.symbol} of kind {each.kind!r}"[:120]
    for what in ("tick_size", "lot_size", "contract_size"):
        size = getattr(each, what)
        if not (isinstance(size, Decimal) and size.is_finite() and size > 0):
            return f"it listed {each.symbol} with {what} {size!r}"[:160]
    return None


def _shown(value: Any) -> bool:
    if isinstance(value, Bilingual) and not is_printable(value.zh):
        return False
    if isinstance(value, str):
        return is_printable(value)
    if isinstance(value, Mapping):
        return all(_shown(each) for pair in value.items() for each in pair)
    return all(map(_shown, value)) if isinstance(value, Sequence) and not isinstance(value, bytes) else True
