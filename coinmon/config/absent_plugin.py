"""Why a name leads to no plugin, and what was likely meant."""

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from coinmon.config.sources import Layers
from coinmon.plugin.catalog import Catalog


def near(name: str, names: Iterable[str]) -> str:
    """` (did you mean x?)` where something is near."""
    found = difflib.get_close_matches(name, list(names), 1)
    return f" (did you mean {found[0]}?)" if found else ""


def not_there(kind: str, where: str, plugin: str, given: Mapping[str, Any], layers: Layers, catalog: Catalog) -> str:
    """Why a name leads to nothing, and what there is instead."""
    key = f"{where}.plugin" if "plugin" in given else where
    why = reason(kind, plugin, catalog)
    if why:
        return f"{layers.origin(key)}: {key}: {kind} {plugin} is not at hand: {why}"
    names = sorted(offer.name for offer in catalog.of(kind))
    listed = f"there are {', '.join(names)}" if names else "there are none"
    return f"{layers.origin(key)}: {key}: there is no {kind} {plugin}{near(plugin, names)}; {listed}"


def reason(kind: str, plugin: str, catalog: Catalog) -> str | None:
    """The fault or the wish that keeps a plugin out, where one by that name was found."""
    for broken in catalog.broken:
        if broken.plugin.split(".")[-1] == plugin or re.search(rf"\b{kind} {re.escape(plugin)}\b", broken.why):
            return f"plugin {broken.plugin} of {broken.distribution} is broken: {broken.why}"
    for disabled in catalog.disabled:
        if disabled.split(".")[-1] == plugin or disabled.endswith(f"({plugin})"):
            return f"plugin {disabled} is in plugins.disabled"
    return None
