"""Finding, loading and listing plugins; a broken one is a row in a table, never a crash."""

import importlib
import importlib.util
import inspect
import pkgutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pluggy

from coinmon.errors import PLUGIN_FAILURES, our_stop, words_of
from coinmon.plugin import hookspecs
from coinmon.plugin.broken import Broken, why_of
from coinmon.printable import printable

if TYPE_CHECKING:
    from pydantic import BaseModel

GROUP = "coinmon"
KINDS = ("exchange", "indicator", "signal", "output", "page", "language")
_HOOKS = {f"register_{kind}s": kind for kind in KINDS}
_COMMANDS = "register_commands"
_OPTIONS = {
    "indicator": {"kinds", "scope", "merges", "columns", "calm", "answers"},
    "signal": {"columns", "horizon", "calm", "switches"},
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
    """An indicator of a view that also means something of all venues' bars added up."""
    columns: Callable[..., Any] | None = None
    """Of a signal or indicator: what it says of each moment of a frame; `None`: it is asked moment by moment."""
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


@dataclass(frozen=True, slots=True)
class _Found:
    """A module that may be a plugin, not imported yet."""

    plugin: str
    distribution: str
    origin: Path | None
    load: Callable[[], ModuleType]
    package: bool = False
    """A package whose modules are listed too: it may offer nothing itself."""


def load_catalog(plugin_dir: Path | None = None, disabled: Iterable[str] = ()) -> Catalog:
    """Import every plugin and collect what it registers.

    disabled: plugin ids (`signals.whale`), prefixes of them (`signals`), distributions, or offered names.
    """
    off = frozenset(disabled)
    catalog = Catalog()
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    for found in _search(plugin_dir, catalog.broken):
        if _is_off(found, off):
            catalog.disabled.append(found.plugin)
            continue
        try:
            # what they print must not end up between the lines of JSON, or of MCP
            with redirect_stdout(sys.stderr):
                _take(manager, found, catalog, off)
        except BaseException as error:
            if our_stop(error):
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
    for found in _search(plugin_dir, broken):
        try:
            if found.origin and _COMMANDS.encode() in found.origin.read_bytes():
                manager.register(_hooks_of(found.load()), name=found.plugin)
                for call in _calls(manager, found.plugin, _COMMANDS):
                    call(app)
        except PLUGIN_FAILURES as error:
            broken.append(Broken(found.plugin, found.distribution, why_of(error, found.origin)))
    return broken


def _search(plugin_dir: Path | None, broken: list[Broken]) -> Iterator[_Found]:
    """Bundled plugins first, then by distribution, then those of the folder: the order in which names are claimed."""
    # a distribution's name is parsed from its metadata at each question: it is asked once
    points = [(point.dist.name if point.dist else "?", point) for point in entry_points(group=GROUP)]
    for distribution, point in sorted(points, key=lambda each: (each[0] != "coinmon", each[0], each[1].name)):
        try:
            yield from _modules(point, distribution)
        except PLUGIN_FAILURES as error:
            broken.append(Broken(point.name, distribution, why_of(error, None)))
    if plugin_dir:
        try:
            yield from _files(plugin_dir)
        except OSError as error:
            broken.append(Broken(str(plugin_dir), "plugin_dir", str(error)))


def _modules(point: EntryPoint, distribution: str) -> Iterator[_Found]:
    """The module that an entry point names, and the public modules in it if it is a package."""
    spec = importlib.util.find_spec(point.module)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {point.module!r}")

    def found(plugin: str, module: str, origin: str | None, package: bool = False) -> _Found:
        where = Path(origin) if origin else None
        return _Found(plugin, distribution, where, partial(importlib.import_module, module), package)

    folders = spec.submodule_search_locations
    yield found(point.name, point.module, spec.origin, folders is not None)
    # by its own name, whichever folder it is in
    for name, module, origin in sorted(_walk(point.module, folders or ())):
        yield found(f"{point.name}.{name}", module, origin)


def _walk(package: str, folders: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    """Name, module and file of the public modules; a package in the package without a hook is a folder of plugins."""
    for each in pkgutil.iter_modules(folders):
        if each.name.startswith("_"):
            continue
        module = f"{package}.{each.name}"
        spec = each.module_finder.find_spec(module, None)
        origin = (spec and spec.origin) or ""
        inner = spec.submodule_search_locations if spec else None
        if inner and not (origin and b"hookimpl" in Path(origin).read_bytes()):
            yield from _walk(module, inner)
        else:
            yield each.name, module, origin


def _files(folder: Path) -> Iterator[_Found]:
    """Every module and package in a folder."""
    for path in sorted(folder.iterdir()):
        origin = path / "__init__.py" if path.is_dir() else path
        if path.name.startswith(("_", ".")) or origin.suffix != ".py" or not origin.is_file():
            continue
        yield _Found(printable(f"dir.{path.stem}"), "plugin_dir", origin, partial(_load, origin, path.stem))


def _load(origin: Path, name: str) -> ModuleType:
    full = f"coinmon_plugin_dir_{name}"
    # another folder may have a file of this name
    if (loaded := sys.modules.get(full)) is not None and loaded.__file__ == str(origin.absolute()):
        return loaded
    spec = importlib.util.spec_from_file_location(full, origin)
    if spec is None or spec.loader is None:
        raise ImportError(f"{origin} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[full] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[full]
        raise
    return module


def _is_off(found: _Found, off: frozenset[str]) -> bool:
    parts = found.plugin.split(".")
    return found.distribution in off or any(".".join(parts[: n + 1]) in off for n in range(len(parts)))


def _take(manager: pluggy.PluginManager, found: _Found, catalog: Catalog, off: frozenset[str]) -> None:
    """Import a module, run its hooks, and take what it offers: all of it or, on any complaint, nothing."""
    manager.register(_hooks_of(found.load()), name=found.plugin)
    manager.check_pending()
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


class _Hooks(SimpleNamespace):
    """What is marked with @hookimpl in a module: pluggy looks hard at every name that there is, and there are many."""

    def __dir__(self) -> Iterable[str]:
        return vars(self)


def _hooks_of(module: ModuleType) -> _Hooks:
    routines = ((name, each) for name, each in vars(module).items() if inspect.isroutine(each))
    return _Hooks(**{name: each for name, each in routines if hasattr(each, f"{GROUP}_impl")})


def _calls(manager: pluggy.PluginManager, plugin: str, hook: str) -> Sequence[Callable[..., Any]]:
    impls = getattr(manager.hook, hook).get_hookimpls()
    return [impl.function for impl in impls if impl.plugin_name == plugin]


def _offer(
    kind: str, name: str, target: Callable[..., Any], found: _Found, options: dict[str, Any], taken: Sequence[Offer]
) -> Offer:
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
