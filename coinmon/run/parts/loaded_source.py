"""Which source this process runs: of the core, of the plugins that take part, and of what those import."""

import ast
import importlib.util
import os
import platform
import sys
from collections.abc import Collection, Iterator, Sequence
from functools import cache, lru_cache
from hashlib import blake2b
from pathlib import Path

import coinmon
from coinmon.config.load import Config
from coinmon.plugin.broken import Broken
from coinmon.plugin.discovery import search_modules

_OURS = "coinmon"
_CORE = Path(coinmon.__file__).parent
_DIGEST_BYTES = 16


class LoadedSource:
    """The files of some folders and modules as they were when they were first looked at, soon after their import.

    digest: of their contents and of the versions of Python and of all that is installed.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = roots
        self._files = _states(roots)
        found = blake2b(digest_size=_DIGEST_BYTES)
        for name, path, _ in self._files:
            content = path.read_bytes()
            found.update(f"{name} {len(content)}\n".encode() + content)
        self.source = found.hexdigest()
        found.update("\n".join([sys.version, platform.machine(), *_installed(tuple(sys.path))]).encode())
        self.digest = found.hexdigest()

    def is_on_disk(self) -> bool:
        """Whether the files are still those that this process imported."""
        return _states(self._roots) == self._files


def loaded_source(config: Config) -> LoadedSource:
    """Of the core and of the indicators and signals that are on. Raises OSError and SyntaxError."""
    chosen = [each.offer.plugin for each in (*config.indicators.values(), *config.signals.values())]
    chosen += [each.plugin for each in config.catalog.of("language")]
    return _loaded(config.plugins.dir, frozenset(chosen))


@lru_cache(maxsize=8)
def _loaded(plugin_dir: Path | None, plugins: frozenset[str]) -> LoadedSource:
    # a process that lives on keeps what it imported first, whatever the files say later
    broken: list[Broken] = []
    found = {_CORE}
    for each in search_modules(plugin_dir, broken):
        if each.plugin in plugins and each.origin is not None:
            root = _root(each.origin)
            # bundled plugins import the core alone
            found.add(root) if each.distribution == _OURS else _add(found, root)
    # in the same order wherever they are
    return LoadedSource(sorted(found, key=lambda each: (each.name, str(each))))


def _root(origin: Path) -> Path:
    """The outermost package that a module is in, or its own file."""
    found = origin
    while (found.parent / "__init__.py").is_file():
        found = found.parent
    return found


def _add(found: set[Path], root: Path) -> None:
    """The root, and those of what it imports of modules that no installed version stands for."""
    if root in found:
        return
    found.add(root)
    for path in _python_files(root):
        for name in _imports(path.read_bytes()):
            if (other := _own_root(name)) is not None:
                _add(found, other)


def _imports(source: bytes) -> set[str]:
    """The first names of the modules that it imports anywhere."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.partition(".")[0])
    return found


@cache
def _own_root(name: str) -> Path | None:
    """Where a module is that neither Python nor an installed distribution brings; None: one of them does."""
    if name in sys.stdlib_module_names:
        return None
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    origin = Path(spec.origin)
    return None if {"site-packages", "dist-packages"} & set(origin.parts) else _root(origin)


def _python_files(root: Path) -> Iterator[Path]:
    if root.is_file():
        yield root
        return
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(each for each in folders if each != "__pycache__")
        yield from (Path(folder, each) for each in sorted(names) if each.endswith(".py"))


def _states(roots: Collection[Path]) -> list[tuple[str, Path, tuple[int, int, int]]]:
    """Each file with its name below its root, and what changes when it is written."""
    found = []
    for root in roots:
        for path in _python_files(root):
            state = path.stat()
            name = f"{root.name}/{path.relative_to(root).as_posix()}"
            found.append((name, path, (state.st_mtime_ns, state.st_size, state.st_ino)))
    return found


@cache
def _installed(places: tuple[str, ...]) -> list[str]:
    """What is installed, with its version: the names of the folders that say so."""
    found = set()
    for place in places:
        if Path(place).is_dir():
            found |= {each for each in os.listdir(place or ".") if each.endswith((".dist-info", ".egg-info"))}
    return sorted(found)
