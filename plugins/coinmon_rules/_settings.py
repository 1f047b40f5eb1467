"""Settings of an indicator in brackets, and names in parentheses."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from coinmon_rules._fields import IndicatorFields, near
from coinmon_rules._written.grammar import Reference, RuleFault, Written


def word_of(written: Written) -> str:
    """A bare name, or a text, in parentheses."""
    of = written.value
    if written.kind == "text":
        return str(of)
    if isinstance(of, Reference) and of.arguments is None and not of.steps and not of.settings:
        return of.name
    raise RuleFault("a name is expected here: spot, perp, each or an exchange", written.start)


def settings_of(fields: IndicatorFields, given: Mapping[str, Written], at: int) -> tuple[tuple[str, Any], ...]:
    model, name = fields.chosen.offer.settings, fields.chosen.name
    values: dict[str, Any] = {}
    for key, written in given.items():
        if key not in model.model_fields:
            known = list(model.model_fields)
            raise RuleFault(f"{name} has no setting {key}{near(key, known)}; it has {', '.join(known)}", at)
        values[key] = word_of(written) if written.kind == "reference" else _constant(written)
    if values:
        try:
            model.model_validate({**fields.chosen.settings, **values})
        except ValidationError as error:
            first = error.errors()[0]
            key = str(first["loc"][0]) if first["loc"] else ""
            raise RuleFault(f"{name}[{key}]: {first['msg']}", given[key].start if key in given else at) from None
    return tuple(sorted(values.items()))


def _constant(written: Written) -> Any:
    if written.kind == "minus" and written.parts[0].kind == "number":
        return -_constant(written.parts[0])
    if written.kind not in {"number", "text", "flag", "duration"}:
        raise RuleFault("a setting is a number, a word, true or false, or a span of time", written.start)
    value = written.value
    return int(value) if isinstance(value, float) and value.is_integer() else value
