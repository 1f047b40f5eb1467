"""Which plugins are on, under which name, with which settings."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError

from coinmon.config.absent_plugin import near, not_there, reason
from coinmon.config.addresses import of_setting
from coinmon.config.env import names_for
from coinmon.config.schema import RouteConfig
from coinmon.config.sources import PLUGIN_SECTIONS, Layers
from coinmon.market.read_only import read_only
from coinmon.plugin.catalog import Catalog, Offer
from coinmon.plugin.signature import complaint

EVENTS = ("scan_started", "venue", "flow", "whale", "signal", "signal_ended", "delivery", "scan_finished")
"""The kinds of event there are; an output may want others of its own."""

FeedMode = Literal["auto", "stream", "poll"]
"""auto: streamed where the exchange can, polled where not; stream: it has to be able to."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_OF_THE_CORE = {"outputs": "events", "exchanges": "feed"}
"""The key in each plugin's settings that is the core's."""
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class PluginConfig:
    """A plugin's offer that is switched on, under the name it has in the configuration.

    events: the kinds of event an output is to get; None: those it wants by itself. route: which of them.
    feed: how an exchange's trades are had.
    """

    name: str
    offer: Offer
    settings: dict[str, Any] = field(repr=False)
    events: frozenset[str] | None = None
    feed: FeedMode = "auto"
    route: RouteConfig = field(default_factory=RouteConfig)


def choose(
    section: str, layers: Layers, catalog: Catalog, inherited: Mapping[str, Any], preset: str = "seed"
) -> dict[str, PluginConfig]:
    """What is on in a plugin section: as written there, then what is on by default, with the preset's settings."""
    kind = PLUGIN_SECTIONS[section]
    only = layers.only.get(section)
    chosen: dict[str, PluginConfig] = {}
    sections: dict[str, dict[str, Any]] = dict(layers.values.get(section, {}))
    for each in catalog.of(kind):
        sections.setdefault(each.name, {})
    for name, given in sections.items():
        where = f"{section}.{name}"
        enabled = _flag(given.get("enabled"), f"{where}.enabled", layers)
        plugin = str(given.get("plugin", name))
        offer = catalog.get(kind, plugin)
        if offer is None:
            if _must_be_there(kind, name, plugin, enabled, only, layers, catalog):
                layers.problems.append(not_there(kind, where, plugin, given, layers, catalog))
            continue
        if not _NAME.fullmatch(name):
            layers.problems.append(f"{layers.origin(where)}: {where}: a name is lower-case letters, digits and _")
        if enabled is None:
            enabled = on_by_default(offer)
        if name in only if only is not None else enabled:
            made = _made(section, name, offer, given, layers, {**inherited, **(offer.calm if preset == "calm" else {})})
            if made:
                chosen[name] = made
    return chosen


def on_by_default(offer: Offer) -> bool:
    """Off when its class says `default = False`, or when it cannot work before something is set."""
    required = any(field.is_required() for field in offer.settings.model_fields.values())
    return getattr(offer.target, "default", True) is not False and not required


def validated(model: type[_Model], values: Mapping[str, Any], where: str, layers: Layers) -> _Model | None:
    """The checked model, or None with a line for each problem in `layers`."""
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        for problem in error.errors():
            text = complaint(model, problem, where).removeprefix(".")
            key = ".".join([*([where] if where else []), *map(str, problem["loc"])])
            names = names_for(key) if problem["type"] == "missing" else []
            hint = f" (in the environment: {names[0]})" if names else ""
            layers.problems.append(f"{layers.origin(key)}: {text}{hint}")
        return None


def _made(
    section: str, name: str, offer: Offer, given: Mapping[str, Any], layers: Layers, inherited: Mapping[str, Any]
) -> PluginConfig | None:
    where = f"{section}.{name}"
    fields = offer.settings.model_fields
    routed = {*RouteConfig.model_fields} - {*fields} if section == "outputs" else set()
    own = {"enabled", "plugin", _OF_THE_CORE.get(section, ""), *routed}
    values = {key: value for key, value in given.items() if key not in own}
    for key in [each for each in fields if isinstance(values.get(each), str)]:
        try:
            values[key] = of_setting(key, values[key], fields[key].default)
        except ValueError as error:
            layers.problems.append(f"{layers.origin(f'{where}.{key}')}: {where}.{key}: {error}")
            del values[key]
    for key, value in inherited.items():
        if key in fields and key not in values and value is not None:
            values[key] = value
    checked = validated(offer.settings, values, where, layers)
    events = _events(given["events"], offer, where, layers) if section == "outputs" and "events" in given else None
    route = validated(RouteConfig, {key: given[key] for key in given if key in routed}, where, layers)
    if checked is None or route is None:
        return None
    feed = _feed(given.get("feed"), offer, where, layers) if section == "exchanges" else "auto"
    settings = {key: getattr(checked, key) for key in fields}
    if section in ("indicators", "signals"):
        # one that sorts a list of its settings would say something else when it is asked again
        settings = {key: read_only(value) for key, value in settings.items()}
    return PluginConfig(name, offer, settings, events, feed, route)


def _feed(given: Any, offer: Offer, where: str, layers: Layers) -> FeedMode:
    known: tuple[FeedMode, ...] = get_args(FeedMode)
    chosen: FeedMode = next((each for each in known if each == given), "auto")
    origin = layers.origin(f"{where}.feed")
    if given is not None and given not in known:
        layers.problems.append(f"{origin}: {where}.feed: {str(given)[:20]!r} is not one of {', '.join(known)}")
    if chosen == "stream" and not hasattr(offer.target, "stream"):
        layers.problems.append(f"{origin}: {where}.feed: {offer.name} has no stream; expected auto or poll")
    return chosen


def _events(given: Any, offer: Offer, where: str, layers: Layers) -> frozenset[str] | None:
    names = [each.strip() for each in given.split(",")] if isinstance(given, str) else given
    known = {*EVENTS, *getattr(offer.target, "wants", ())}
    if given is None:
        return None
    if not isinstance(names, list | tuple) or not all(isinstance(each, str) for each in names):
        layers.problems.append(f"{layers.origin(f'{where}.events')}: {where}.events: expected a list of events")
        return None
    for each in names:
        if each not in known:
            layers.problems.append(
                f"{layers.origin(f'{where}.events')}: {where}.events: {each} is not an event{near(each, known)}; "
                f"there are {', '.join(sorted(known))}"
            )
    return frozenset(names)


def _flag(given: Any, where: str, layers: Layers) -> bool | None:
    if given is None:
        return None
    try:
        return TypeAdapter(bool).validate_python(given)
    except ValidationError:
        layers.problems.append(f"{layers.origin(where)}: {where}: {str(given)[:20]!r} is neither true nor false")
        return None


def _must_be_there(
    kind: str, name: str, plugin: str, enabled: bool | None, only: list[str] | None, layers: Layers, catalog: Catalog
) -> bool:
    """Switching off a misspelt name would leave the right one on; a name known to be out may be switched off."""
    if enabled is False:
        written = not layers.origin(f"{kind}s.{name}.enabled").startswith((".env", "environment"))
        return written and not reason(kind, plugin, catalog)
    return bool(enabled) and (only is None or name in only)
