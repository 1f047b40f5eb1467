"""The emulated venues: each folder of this package is one, found by walking it, so that no list names them.

Every folder has the same modules: `rest`, `streams`, `socket`, `limits`, `refusals`, `archive`, `listing`, `config`,
`shapes`, and for recordings `topics` and `minutes`.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path
from types import ModuleType

_PACKAGE = __name__.rpartition(".")[0]
VENUES = tuple(sorted(each.name for each in pkgutil.iter_modules([str(Path(__file__).parent)]) if each.ispkg))


def module_of(venue: str, name: str) -> ModuleType:
    """One module of a venue's folder, as `limits` of binance."""
    return import_module(f"{_PACKAGE}.{venue}.{name}")
