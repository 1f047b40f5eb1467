"""Where plugins are: modules of entry points and files of a folder, found and not imported yet."""

import importlib
import importlib.util
import os
import pkgutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import FunctionType, MethodType, ModuleType, SimpleNamespace

from coinmon.errors import PLUGIN_FAILURES
from coinmon.plugin.broken import Broken, why_of
from coinmon.printable import printable

GROUP = "coinmon"


@dataclass(frozen=True, slots=True)
class FoundModule:
    """A module that may be a plugin, not imported yet."""

    plugin: str
    distribution: str
    origin: Path | None
    load: Callable[[], ModuleType]
    package: bool = False
    """A package whose modules are listed too: it may offer nothing itself."""


def search_modules(plugin_dir: Path | None, broken: list[Broken]) -> Iterator[FoundModule]:
    """Bundled plugins first, then by distribution, then those of the folder: the order in which names are claimed."""
    for distribution, point in _points(tuple((folder, _changed_at(folder)) for folder in sys.path)):
        try:
            yield from _modules(point, distribution)
        except PLUGIN_FAILURES as error:
            broken.append(Broken(point.name, distribution, why_of(error, None)))
    if plugin_dir:
        try:
            yield from _files(plugin_dir)
        except OSError as error:
            broken.append(Broken(str(plugin_dir), "plugin_dir", str(error)))


@lru_cache(maxsize=4)
def _points(_path: tuple[tuple[str, int], ...]) -> list[tuple[str, EntryPoint]]:
    """Entry points, each with its distribution; the metadata of all distributions is read again when one has come.

    _path: the folders of `sys.path`, and when each was changed.
    """
    names: dict[int, str] = {}
    found = []
    for point in entry_points(group=GROUP):
        # a distribution's name is parsed from all of its metadata at each question: it is asked once
        if point.dist is not None and id(point.dist) not in names:
            names[id(point.dist)] = point.dist.name
        found.append((names.get(id(point.dist), "?"), point))
    return sorted(found, key=lambda each: (each[0] != "coinmon", each[0], each[1].name))


def _changed_at(folder: str) -> int:
    try:
        return os.stat(folder or ".").st_mtime_ns
    except OSError:
        return 0


def _modules(point: EntryPoint, distribution: str) -> Iterator[FoundModule]:
    """The module that an entry point names, and the public modules in it if it is a package."""
    spec = importlib.util.find_spec(point.module)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {point.module!r}")

    def found(plugin: str, module: str, origin: str | None, package: bool = False) -> FoundModule:
        where = Path(origin) if origin else None
        return FoundModule(plugin, distribution, where, partial(importlib.import_module, module), package)

    folders = spec.submodule_search_locations
    yield found(point.name, point.module, spec.origin, folders is not None)
    # by its own name, whichever folder it is in
    for name, module, origin in _public_modules(point.module, tuple(folders or ())):
        yield found(f"{point.name}.{name}", module, origin)


@cache
def _public_modules(package: str, folders: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Asked of the disk once: what is installed is imported once too, and commands look for plugins twice."""
    return sorted(_walk(package, folders))


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


def _files(folder: Path) -> Iterator[FoundModule]:
    """Every module and package in a folder."""
    for path in sorted(folder.iterdir()):
        origin = path / "__init__.py" if path.is_dir() else path
        if path.name.startswith(("_", ".")) or origin.suffix != ".py" or not origin.is_file():
            continue
        yield FoundModule(printable(f"dir.{path.stem}"), "plugin_dir", origin, partial(_load, origin, path.stem))


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


class _Hooks(SimpleNamespace):
    """What is marked with @hookimpl in a module: pluggy looks hard at every name that there is, and there are many."""

    def __dir__(self) -> Iterable[str]:
        return vars(self)


def hooks_of(module: ModuleType) -> _Hooks:
    # others take no mark: `inspect.isroutine` asks each of a module's thousand names four more questions
    routines = ((name, each) for name, each in vars(module).items() if isinstance(each, FunctionType | MethodType))
    return _Hooks(**{name: each for name, each in routines if hasattr(each, f"{GROUP}_impl")})
