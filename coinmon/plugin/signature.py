"""A plugin's settings are its keyword-only signature: names, types, defaults and bounds."""

import difflib
import inspect
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.fields import FieldInfo

from coinmon.errors import ConfigError

INHERITED = ("proxy", "lang", "timezone", "sessions")
"""Settings that, left unset, take the value set for the whole of coinmon."""

_ABBREVIATED = re.compile(r"[$￥¥]?\s*(\d[\d,，]*(?:\.\d+)?)\s*([kKmMbB万亿]?)")
_UNITS = {"": 1, "k": 1e3, "m": 1e6, "b": 1e9, "万": 1e4, "亿": 1e8}


@cache
def settings_model(target: Callable[..., Any], positional: int) -> type[BaseModel]:
    """The pydantic model of a plugin's settings.

    positional: how many leading parameters the core itself passes. Raises ConfigError where it cannot be one.
    """
    is_class = inspect.isclass(target)
    signature = inspect.signature(target)
    function: Any = vars(target).get("__init__", target) if is_class else target
    hints = get_type_hints(function, include_extras=True)
    given = 0
    fields: dict[str, Any] = {}
    for parameter in signature.parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY:
            default = ... if parameter.default is parameter.empty else parameter.default
            fields[parameter.name] = (hints.get(parameter.name, Any), default)
        elif parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD) and given < positional:
            given += 1
        else:
            raise ConfigError(f"parameter {parameter.name!r} cannot be filled; settings are keyword-only (after *)")
    if given < positional:
        raise ConfigError(
            f"it must take {positional} positional argument{'s' if positional > 1 else ''}, it takes {given}"
        )
    return create_model(
        getattr(target, "__name__", "settings"),
        __config__=ConfigDict(extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False),
        **fields,
    )


def check_settings(model: type[BaseModel], values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Validated settings; `where` is the file and section for the complaint, which ConfigError carries."""
    try:
        checked = model.model_validate(dict(values))
    except ValidationError as error:
        raise ConfigError("; ".join(complaint(model, problem, where) for problem in error.errors())) from None
    return {name: getattr(checked, name) for name in model.model_fields}


def complaint(model: type[BaseModel], problem: Any, where: str) -> str:
    """One line for one pydantic error: the key, what was wrong, what was expected. Never echoes the value."""
    location = [str(part) for part in problem["loc"]]
    key = ".".join([where, *location]) if location else where
    if problem["type"] == "extra_forbidden":
        owner = _owner(model, location[:-1])
        names = sorted(owner.model_fields) if owner else []
        near = difflib.get_close_matches(location[-1], names, 1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        return f"{key} is not a setting{hint}; it takes {', '.join(names) or 'nothing'}"
    if problem["type"] == "missing":
        return f"{key} is required"
    message = problem["msg"].removeprefix("Value error, ")
    return f"{key}: {message[:1].lower()}{message[1:]}{_in_digits(problem.get('input'))}"


def _in_digits(given: Any) -> str:
    """` (write 500000)` for a number that is abbreviated, such as 500k, or grouped, such as 500,000."""
    amount = _ABBREVIATED.fullmatch(given.strip()) if isinstance(given, str) else None
    if amount is None:
        return ""
    number = float(amount[1].replace(",", "").replace("，", "")) * _UNITS[amount[2].lower()]
    written = f"{number:.10g}"
    return "" if written == given.strip() else f" (write {written})"


def _owner(model: type[BaseModel], path: list[str]) -> type[BaseModel] | None:
    """The model that the path of field names leads to."""
    owner: Any = model
    for part in path:
        field = owner.model_fields.get(part)
        annotation = field.annotation if field else None
        inner = [each for each in get_args(annotation) if each is not type(None)]
        annotation = inner[0] if len(inner) == 1 else annotation
        if not (inspect.isclass(annotation) and issubclass(annotation, BaseModel)):
            return None
        owner = annotation
    return owner if inspect.isclass(owner) and issubclass(owner, BaseModel) else None


def described(field: FieldInfo) -> str:
    """A setting's type and bounds, for the sample configuration and the docs."""
    annotation = field.annotation
    name = getattr(annotation, "__name__", None) if not hasattr(annotation, "__args__") else None
    shown = name or str(annotation).replace("typing.", "").replace("pathlib.", "")
    bounds = ", ".join(str(each) for each in field.metadata)
    return f"{shown} {bounds}".strip()
