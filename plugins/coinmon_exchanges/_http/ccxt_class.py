"""One exchange class of ccxt, without importing the hundred others that ccxt's packages import."""

import ssl
import sys
from functools import cache
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

PACKAGES = ("ccxt", "ccxt.async_support")
"""Their `__init__` imports every exchange that ccxt has: 0.4 s and 50 MB, for the three or four that are asked."""


def exchange_class(ccxt_id: str) -> Any:
    """ccxt's asynchronous class of an exchange. Whoever imports ccxt elsewhere gets all of it, as always.

    Raises ImportError where there is no ccxt, or no such exchange in it.
    """
    for name in PACKAGES:
        if name not in sys.modules:
            sys.modules[name] = _postponed(name)
    ccxt, package = (sys.modules[name] for name in PACKAGES)
    ccxt.async_support = package  # type: ignore[attr-defined]
    found = getattr(import_module(f"ccxt.async_support.{ccxt_id}"), ccxt_id)
    # importing a module names it in its package, where ccxt has the class by the same name
    setattr(package, ccxt_id, found)
    return found


@cache
def tls_context(authorities: str) -> ssl.SSLContext:
    """What ccxt makes for each of its instances (25 ms each, from the file of authorities), made once."""
    return ssl.create_default_context(cafile=authorities)


class _PostponedPackage(ModuleType):
    """A package whose `__init__` runs when somebody asks for a name that its own base modules do not have."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in ("__all__", "__version__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        for inner in ("ccxt.base.errors", f"{self.__name__}.base.exchange"):
            # what ccxt's own base modules import from the package while that has not run
            base = import_module(inner)
            if name[0] != "_" and name in vars(base):
                return getattr(base, name)
        assert self.__spec__ is not None
        assert self.__spec__.loader is not None
        object.__setattr__(self, "__class__", ModuleType)
        self.__spec__.loader.exec_module(self)
        return getattr(self, name)


def _postponed(name: str) -> ModuleType:
    spec = find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    module = module_from_spec(spec)
    object.__setattr__(module, "__class__", _PostponedPackage)
    return module
