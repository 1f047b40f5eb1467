"""The members that a plugin's class has to have, and those that it may have; checked when it is loaded."""

import difflib
import inspect
import re
from collections.abc import Callable
from numbers import Integral
from typing import Any

REQUIRED: dict[str, tuple[str, ...]] = {"exchange": ("instruments", "requests"), "output": ("send", "wants")}
OPTIONAL: dict[str, tuple[str, ...]] = {
    "exchange": (
        "abilities",
        "archives",
        "bars",
        "book",
        "close",
        "default",
        "earlier_trades",
        "failing",
        "funding",
        "open_interest",
        "past_funding",
        "past_open_interest",
        "preferred_quotes",
        "record",
        "server_time",
        "split_in_bars",
        "trades_of_any_age",
        "stream",
        "tickers",
        "trades",
        "usage",
    ),
    "output": ("close", "default", "digests", "parts", "robot"),
}
ASYNC = {
    "exchange": {
        "bars", "book", "close", "earlier_trades", "funding", "instruments", "open_interest", "past_funding",
        "past_open_interest", "server_time", "tickers", "trades",
    },
    "output": {"send"},
}  # fmt: skip
QUESTIONS = {"flow": "pair", "levels": "instrument", "open_interest": "instrument", "funding": "instrument"}
"""What the core asks of indicators, and the scope of those that can answer: see `register_indicators`."""
SWITCHES = ("consensus",)
"""Keys of `notify` by which a signal's messages may be switched in place of their grade."""
_TEXTS = {"output": ("wants", "digests")}
"""Members that are sets of texts."""
_MISSING = object()
_ALIKE = 0.85
_HORIZON = re.compile(r"(\d{1,4})(m|h|d)")
_MOST_HORIZON_MINUTES = 7 * 1440


def check_members(kind: str, name: str, target: Callable[..., Any]) -> None:
    """Raises TypeError for a class that lacks what it must have, or has something that looks like a slip of the pen."""
    if kind not in REQUIRED or not inspect.isclass(target):
        return
    known = {*REQUIRED[kind], *OPTIONAL[kind]}
    for each in REQUIRED[kind]:
        if not _has(target, each):
            raise TypeError(f"{kind} {name} has no `{each}`{_slip(target, each, known)}")
    for each in sorted(dir(target)):
        if not each.startswith("_") and each not in known:
            near = difflib.get_close_matches(each, known, 1, _ALIKE)
            if near and not _has(target, near[0]):
                raise TypeError(f"{kind} {name} has `{each}`, which nobody calls; did you mean `{near[0]}`?")
    for each in sorted(ASYNC[kind]):
        method = inspect.getattr_static(target, each, None)
        if inspect.isfunction(method) and not inspect.iscoroutinefunction(method):
            raise TypeError(f"{kind} {name}: `{each}` is a plain function; expected async def")
    if inspect.iscoroutinefunction(target.__init__):
        raise TypeError(f"{kind} {name}: `__init__` is async; expected a plain function")
    check_values(kind, name, target)


def check_values(kind: str, name: str, made: Any) -> None:
    """Raises TypeError for what the core cannot read of a class, or of what was made of it: else nothing would start.

    made: of an object a property may raise whatever it likes as well.
    """
    for member in _TEXTS.get(kind, ()):
        value = _value(made, member)
        if value is _MISSING:
            if member in REQUIRED[kind] and not inspect.isclass(made):
                raise TypeError(f"{kind} {name} has no `{member}`")
        elif not isinstance(value, set | frozenset | list | tuple) or not all(isinstance(each, str) for each in value):
            raise TypeError(f"{kind} {name}: `{member}` is {str(value)[:40]}; expected a set of texts")
    if kind == "exchange" and not isinstance(count := _value(made, "requests"), Integral):
        if count is not _MISSING:
            raise TypeError(f"{kind} {name}: `requests` is {str(count)[:40]}; expected a number")
        if not inspect.isclass(made):
            raise TypeError(f"{kind} {name} has no `requests`: its __init__ does not set it")
    if kind == "output":
        _value(made, "robot")


def _value(made: Any, member: str) -> Any:
    """Of a class only what is no property, or set by each of its objects."""
    if not inspect.isclass(made):
        return getattr(made, member, _MISSING)
    value = inspect.getattr_static(made, member, _MISSING)
    return _MISSING if hasattr(type(value), "__get__") else value


def check_beside(name: str, signal: Callable[..., Any], what: str, beside: Any) -> None:
    """Raises TypeError for `columns` or `quiet` that is no plain function of a frame or market and the settings."""
    if not callable(beside) or inspect.iscoroutinefunction(beside):
        raise TypeError(f"signal {name}: {what} is not a plain function")
    takes = list(inspect.signature(beside).parameters.values())[1:]
    if any(each.kind is each.VAR_KEYWORD for each in takes):
        return
    lacks = sorted(set(list(inspect.signature(signal).parameters)[1:]) - {each.name for each in takes})
    if lacks:
        raise TypeError(f"signal {name}: {what} does not take the signal's settings {', '.join(lacks)}")


def checked_options(name: str, target: Callable[..., Any], options: dict[str, Any]) -> dict[str, Any]:
    """What was registered with a name and a function, its horizon in minutes. Raises as the checks below do."""
    for what in ("columns", "quiet"):
        if options.get(what) is not None:
            check_beside(name, target, what, options[what])
    if "horizon" in options:
        options = {**options, "horizon": check_horizon(name, options["horizon"])}
    if "answers" in options:
        options = {**options, "answers": check_answers(name, options["answers"], options.get("scope", "instrument"))}
    if "switches" in options:
        check_switches(name, options["switches"])
    return options


def check_answers(name: str, answers: Any, scope: str) -> tuple[str, ...]:
    """The questions that an indicator answers. Raises ValueError for one that is not asked, or of another scope."""
    found = (answers,) if isinstance(answers, str) else tuple(answers)
    for each in found:
        if QUESTIONS.get(each) != scope:
            asked = ", ".join(question for question, of in QUESTIONS.items() if of == scope)
            raise ValueError(f"indicator {name}: nobody asks {each!r} of scope {scope!r}; expected {asked}")
    return found


def check_switches(name: str, switches: Any) -> None:
    """Raises ValueError for what is no mapping of names to keys of `notify`."""
    if not isinstance(switches, dict) or not all(isinstance(each, str) for each in switches):
        raise ValueError(f"signal {name}: switches is not a dict of names of its signals")
    for told, key in switches.items():
        if key not in SWITCHES:
            raise ValueError(f"signal {name}: {told} is switched by {key!r}; expected {', '.join(SWITCHES)}")


def check_calm(what: str, settings: Any, calm: Any) -> None:
    """Raises TypeError for settings under `preset: calm` that the plugin does not have, or that it would not take."""
    if not isinstance(calm, dict) or not calm.keys() <= settings.model_fields.keys():
        raise TypeError(
            f"{what}: calm is not a dict of its settings: {', '.join(settings.model_fields) or 'it has none'}"
        )
    required = {name for name, field in settings.model_fields.items() if field.is_required()}
    if calm and not required:
        settings.model_validate(calm)


def check_horizon(name: str, horizon: Any) -> int:
    """The minutes of a signal's primary horizon: 15m, 4h, 1d. Raises ValueError for what is none."""
    found = _HORIZON.fullmatch(horizon) if isinstance(horizon, str) else None
    minutes = int(found[1]) * {"m": 1, "h": 60, "d": 1440}[found[2]] if found else 0
    if not 1 <= minutes <= _MOST_HORIZON_MINUTES:
        raise ValueError(f"signal {name}: horizon is {horizon!r}; expected 1m to 7d, such as 15m, 4h or 1d")
    return minutes


def _has(target: type, member: str) -> bool:
    """As an attribute of the class, an annotation, or something that its code sets on itself."""
    if hasattr(target, member) or any(member in getattr(base, "__annotations__", {}) for base in target.__mro__):
        return True
    if hasattr(target, "__getattr__"):
        return True
    for base in target.__mro__[:-1]:
        try:
            source = inspect.getsource(base)
        except (OSError, TypeError):
            # nothing to read: it shows when it is used
            return True
        if f"self.{member}" in source:
            return True
    return False


def _slip(target: type, member: str, known: set[str]) -> str:
    others = [each for each in dir(target) if not each.startswith("_") and each not in known]
    near = difflib.get_close_matches(member, others, 1, 0.6)
    return f"; did you mean it by `{near[0]}`?" if near else ""
