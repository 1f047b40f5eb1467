"""coinmon: where the money flows across crypto exchanges, and when it matters.

A plugin's author comes in by one of the doors `coinmon.exchange`, `coinmon.indicator`, `coinmon.signal`,
`coinmon.output` and `coinmon.command`; each lists what that kind of plugin needs. All their names can be imported from
here too. `coinmon.open` gives a notebook what is stored. They load on first use, so that `import coinmon` (and with it
`coinmon --help`) stays instant.
"""

from importlib import import_module

TYPE_CHECKING = False
"""As in `typing`, which is not imported yet: until `coinmon.__main__` is, a Ctrl-C is answered with a traceback."""
if TYPE_CHECKING:
    from typing import Any

    from coinmon._hook import hookimpl as hookimpl

_DOORS = ("exchange", "indicator", "signal", "output", "command")


def __getattr__(name: str) -> "Any":
    if name == "hookimpl":
        # of all doors, and lighter than any
        return import_module("coinmon._hook").hookimpl
    if name in _DOORS:
        return import_module(f"coinmon.{name}")
    if name in ("open", "v1"):
        # not among the names of `from coinmon import *`, where `open` would hide Python's own
        found = import_module("coinmon.v1")
        return found if name == "v1" else found.open
    if name == "__all__":
        return sorted({each for door in _DOORS for each in import_module(f"coinmon.{door}").__all__})
    for door in () if name.startswith("_") else _DOORS:
        found = import_module(f"coinmon.{door}")
        if name in found.__all__:
            return getattr(found, name)
    raise AttributeError(f"module 'coinmon' has no attribute {name!r}")
