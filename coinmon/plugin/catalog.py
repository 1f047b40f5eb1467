"""Finding, loading and listing plugins; a broken one is a row in a table, never a crash."""

import inspect
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from coinmon.errors import PLUGIN_FAILURES, words_of
from coinmon.plugin import hookspecs
from coinmon.plugin.broken import Broken, why_of
from coinmon.plugin.interrupts import interrupts_noted, patience_for
from coinmon.printable import printable

if TYPE_CHECKING:
    from pydantic import BaseModel
from coinmon.plugin.discovery import GROUP, FoundModule, hooks_of, search_modules

KINDS = ("exchange", "indicator", "signal", "output", "page", "language")
_HOOKS = {f"register_{kind}s": kind for kind in KINDS}
_COMMANDS = "register_commands"
_OPTIONS = {
    "indicator": {"kinds", "scope", "merges", "columns", "calm", "answers"},
    "signal": {"columns", "quiet", "horizon", "calm", "switches"},
}
"""What `register` takes beside name and target, by kind."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that a plugin registered."""

    kind: str
    name: str
    target: Callable[..., Any]
    plugin: str
    distribution: str
    settings: "type[BaseModel]"
    kinds: tuple[str, ...] = ("spot", "perp")
    scope: str = "instrument"
    merges: bool = False
    """An indicator of a view that means something of all venues' bars added up too."""
    columns: Callable[..., Any] | None = None
    """Of a signal or indicator: what it says of each moment of a frame; `None`: it is asked moment by moment."""
    quiet: Callable[..., Any] | None = None
    """Of a signal: whether it surely says nothing of a market; `None`: it is asked itself each time."""
    horizon: int = 60
    """Of a signal: minutes after which it claims that price has gone its way: its record is judged there alone."""
    calm: Mapping[str, Any] = field(default_factory=dict)
    """Its own settings under `preset: calm`, where the user gives none."""
    answers: tuple[str, ...] = ()
    """Of an indicator: the questions of the core that its results answer."""
    switches: Mapping[str, str] = field(default_factory=dict)
    """Of a signal: names that it tells by, and the key of `notify` that switches each in place of its grade."""

    @property
    def description(self) -> str:
        """Its docstring, which may be shown anywhere."""
        return printable(inspect.cleandoc(self.target.__doc__ or ""))

    @property
    def summary(self) -> str:
        """The first line of its docstring."""
        return self.description.split("\n")[0]


@dataclass(slots=True)
class Catalog:
    """Everything that was found. `disabled` names the plugins that were left out on request."""

    offers: dict[tuple[str, str], Offer] = field(default_factory=dict)
    broken: list[Broken] = field(default_factory=list)
    disabled: list[str] = field(default_factory=list)

    def of(self, kind: str) -> list[Offer]:
        return [offer for offer in self.offers.values() if offer.kind == kind]

    def get(self, kind: str, name: str) -> Offer | None:
        return self.offers.get((kind, name))


def load_catalog(plugin_dir: Path | None = None, disabled: Iterable[str] = ()) -> Catalog:
    """Import every plugin and collect what it registers.

    disabled: plugin ids (`signals.whale`), prefixes of them (`signals`), distributions, or offered names.
    """
    off = frozenset(disabled)
    catalog = Catalog()
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    with interrupts_noted() as ends_us:
        for found in search_modules(plugin_dir, catalog.broken):
            if _is_off(found, off):
                catalog.disabled.append(found.plugin)
                continue
            try:
                # what they print must not end up between the lines of JSON, or of MCP
                with redirect_stdout(sys.stderr), patience_for(found.distribution):
                    _take(manager, found, catalog, off)
            except BaseException as error:
                if ends_us(error):
                    raise
                if manager.has_plugin(found.plugin):
                    manager.unregister(name=found.plugin)
                catalog.broken.append(Broken(found.plugin, found.distribution, why_of(error, found.origin)))
    return catalog


def add_commands(app: Any, plugin_dir: Path | None = None) -> list[Broken]:
    """Let plugins add their commands. Only modules whose text names the hook are imported: help must be instant."""
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    broken: list[Broken] = []
    with interrupts_noted() as ends_us:
        for found in search_modules(plugin_dir, broken):
            try:
                if found.origin and _COMMANDS.encode() in found.origin.read_bytes():
                    with redirect_stdout(sys.stderr), patience_for(found.distribution):
                        manager.register(hooks_of(found.load()), name=found.plugin)
                        for call in _calls(manager, found.plugin, _COMMANDS):
                            call(app)
            except BaseException as error:
                if ends_us(error):
                    raise
                broken.append(Broken(found.plugin, found.distribution, why_of(error, found.origin)))
    return broken


def _is_off(found: FoundModule, off: frozenset[str]) -> bool:
    parts = found.plugin.split(".")
    return found.distribution in off or any(".".join(parts[: n + 1]) in off for n in range(len(parts)))


def _take(manager: pluggy.PluginManager, found: FoundModule, catalog: Catalog, off: frozenset[str]) -> None:
    """Import a module, run its hooks, and take what it offers: all of it or, on any complaint, nothing."""
    found_hooks = hooks_of(found.load())
    for name in vars(found_hooks):
        if not hasattr(hookspecs, name):
            near = get_close_matches(name, [*_HOOKS, _COMMANDS], 1)
            raise TypeError(f"unknown hook {name}{f' (did you mean {near[0]}?)' if near else ''}")
    manager.register(found_hooks, name=found.plugin)
    offers: list[Offer] = []

    def registrar(kind: str) -> Callable[..., None]:
        def register(name: str, target: Callable[..., Any], **options: Any) -> None:
            offers.append(_offer(kind, name, target, found, options, [*catalog.offers.values(), *offers]))

        return register

    hooks = 0
    for hook, kind in _HOOKS.items():
        for call in _calls(manager, found.plugin, hook):
            hooks += 1
            if inspect.iscoroutine(pending := call(registrar(kind))):
                pending.close()
                raise TypeError(f"{hook} is async; hooks are plain functions")
    hooks += len(_calls(manager, found.plugin, _COMMANDS))
    if not hooks:
        manager.unregister(name=found.plugin)
        if not found.package:
            raise TypeError("it offers nothing: no function in it is marked with @hookimpl (from coinmon)")
    for offer in offers:
        if offer.name in off:
            catalog.disabled.append(f"{found.plugin} ({offer.name})")
        else:
            catalog.offers[offer.kind, offer.name] = offer


def _calls(manager: pluggy.PluginManager, plugin: str, hook: str) -> Sequence[Callable[..., Any]]:
    impls = getattr(manager.hook, hook).get_hookimpls()
    return [impl.function for impl in impls if impl.plugin_name == plugin]


def _offer(
    kind: str, name: str, target: Callable[..., Any], found: FoundModule, options: dict[str, Any],
    taken: Sequence[Offer],
) -> Offer:  # fmt: skip
    from coinmon.plugin.members import check_calm, check_members, checked_options
    from coinmon.plugin.signature import settings_model  # pydantic: not needed for --help

    if not (isinstance(name, str) and name.isidentifier() and name == name.lower()):
        raise ValueError(f"{kind} name {name!r} is not a lower-case identifier")
    if not callable(target):
        raise TypeError(f"{kind} {name} is not callable")
    if inspect.iscoroutinefunction(target):
        raise TypeError(f"{kind} {name} is async; it is called as a plain function")
    for other in taken:
        if (other.kind, other.name) == (kind, name):
            owner = f"{other.plugin} of {other.distribution}"
            raise ValueError(f"{kind} {name} is taken by {owner}; disable that to replace it")
    unknown = set(options) - _OPTIONS.get(kind, set())
    if unknown:
        raise TypeError(f"{kind} {name}: register() does not take {', '.join(sorted(unknown))}")
    if options.get("scope", "instrument") not in ("instrument", "pair"):
        raise ValueError(f"indicator {name}: scope is 'instrument' or 'pair', not {options['scope']!r}")
    check_members(kind, name, target)
    options = checked_options(name, target, options)
    try:
        settings = settings_model(target, positional=4 if kind == "language" else 1)
        check_calm(f"{kind} {name}", settings, options.get("calm", {}))
    except PLUGIN_FAILURES as error:
        raise TypeError(f"{kind} {name}: {words_of(error)}") from error
    return Offer(kind, name, target, found.plugin, found.distribution, settings, **options)
