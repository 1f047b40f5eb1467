"""What plugins say of themselves, as Markdown: docs/indicators.md and docs/signal-settings.md come from here."""

import inspect
from collections.abc import Iterable, Iterator, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from coinmon.market.result import Result
from coinmon.plugin.catalog import Offer
from coinmon.printable import printable

_TITLES = {"exchange": "Exchanges", "indicator": "Indicators", "signal": "Signals", "output": "Outputs"}
_MEANT = {"instrument": "each market", "pair": "the pair across venues"}
_INDICATORS = """
Every result also has `as_of`, `coverage` (the window's minutes, how many were seen and which were not), `convention`
(the definition used) and `reason` (why figures are missing). A figure that cannot be known is null, never 0.
"""
_SIGNALS = """
How a signal begins, lasts and ends, and how many of the events planted in fifty made-up markets each one finds, is told
in [signals.md](signals.md).
"""


def reference(kind: str, offers: Sequence[Offer]) -> str:
    """One page on the plugins of a kind, in order of their names."""
    parts = [f"# {_TITLES[kind]}", f"Made by `coinmon plugins docs {kind}` from the plugins themselves; edit those."]
    if kind == "indicator":
        parts.append(_INDICATORS.strip())
    if kind == "signal":
        parts.append(_SIGNALS.strip())
    for offer in sorted(offers, key=lambda each: each.name):
        parts += [f"## {offer.name}", offer.description]
        if kind == "indicator":
            parts.append(_meant(offer))
        if kind == "signal":
            parts.append(f"Its record is judged after {_duration(offer.horizon)}.")
        settings = offer.settings.model_fields
        if settings:
            parts.append(
                _table(("setting", "type", "default", "what it is"), map(_setting, settings, settings.values()))
            )
        if kind == "indicator":
            parts += _fields(offer)
    return printable("\n\n".join(parts)) + "\n"


def _meant(offer: Offer) -> str:
    what = _MEANT[offer.scope]
    if offer.scope == "instrument" and len(offer.kinds) == 1:
        what = f"each {offer.kinds[0]} market"
    return f"Of {what}{', and of all venues added up' if offer.merges else ''}."


def _duration(minutes: int) -> str:
    for unit, length in (("d", 1440), ("h", 60)):
        if minutes % length == 0:
            return f"{minutes // length} {unit}"
    return f"{minutes} min"


def _setting(name: str, field: FieldInfo) -> tuple[str, str, str, str]:
    default = "required" if field.is_required() else f"`{field.get_default(call_default_factory=True)}`"
    bounds = [_bound(each) for each in (*field.metadata, *_inside(field.annotation))]
    shown = " ".join([_type(field.annotation), ", ".join(filter(None, bounds))]).strip()
    return f"`{name}`", shown, default, field.description or ""


def _type(annotation: Any) -> str:
    """As a reader of settings says it: choices by their names, checks left to the bounds."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(parts[0])
    if origin is Literal:
        return ", ".join(str(each) for each in parts)
    if origin in (Union, UnionType):
        return " or ".join(_type(each) for each in parts)
    if annotation is NoneType:
        return "null"
    name: str = getattr(origin or annotation, "__name__", str(annotation))
    inner = [_type(each) for each in parts if each is not ...]
    return f"{name} of {', '.join(inner)}" if inner else name


def _inside(annotation: Any) -> list[Any]:
    """The bounds of a type that is optional."""
    if get_origin(annotation) is Annotated:
        return list(annotation.__metadata__)
    return [found for part in get_args(annotation) for found in _inside(part)]


def _bound(check: Any) -> str:
    if isinstance(check, FieldInfo):
        return ", ".join(filter(None, map(_bound, check.metadata)))
    return next((f"{sign} {getattr(check, name)}" for name, sign in _SIGNS.items() if hasattr(check, name)), "")


_SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


def _fields(offer: Offer) -> Iterator[str]:
    """A table of the result's fields, and one for each model inside it."""
    model = get_type_hints(offer.target).get("return")
    if not (inspect.isclass(model) and issubclass(model, BaseModel)):
        return
    waiting, seen = [model], {model}
    while waiting:
        each = waiting.pop(0)
        rows = []
        for name, field in each.model_fields.items():
            if name in Result.model_fields:
                continue
            inner = _models(field.annotation)
            waiting += [one for one in inner if one not in seen]
            seen |= set(inner)
            rows.append((f"`{name}`", field.description or "", ", ".join(one.__name__ for one in inner)))
        yield _table(("field" if each is model else f"{each.__name__}: field", "what it is", "made of"), rows)


def _models(annotation: Any) -> list[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models(part)]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
