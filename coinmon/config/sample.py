"""A commented config.yaml, written from the same declarations that check it."""

from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from coinmon.config.parsers import written
from coinmon.config.plugin_config import on_by_default
from coinmon.config.schema import Core, RouteConfig, Section
from coinmon.config.sources import PLUGIN_SECTIONS
from coinmon.plugin.catalog import Catalog, Offer
from coinmon.plugin.signature import described
from coinmon.printable import printable

_HEAD = """\
# coinmon's configuration. A line such as `#key: value` shows a default: remove the # to change it.
# `coinmon config check` says what is wrong here, `coinmon config show` where each value in force comes from.
# Durations: 250ms, 60s, 5m, 4h, 1d. The environment and .env override this file, the command line overrides them.
"""
_PLUGINS = {
    "exchanges": "The venues. `NAME: false` switches one off; `NAME: {plugin: OTHER}` adds one under a new name.\n"
    "# Each takes `feed: auto` (trades are streamed where the venue can, else polled), `stream` or `poll`.",
    "indicators": "What is computed. `NAME: false` switches one off.",
    "signals": "What is looked for. `NAME: false` switches one off.",
    "outputs": "Where messages go. `NAME: {plugin: OTHER}` adds a second one. Each also takes `events`, and for\n"
    f"# itself what is else as in `notify`: {', '.join(RouteConfig.model_fields)}.",
}

_RULES = """# Signals of your own, here or in rules/*.yaml: docs/rules.md. `coinmon rules check` checks them.
rules:
  #spot_leads:
    #when: net_flow(spot).zscore > 2 and price > vwap(spot).vwap
    #for: 3m
    #grade: B+
    #direction: bullish
"""


def sample(catalog: Catalog) -> str:
    """Every section, plugin and setting there is, with its default commented out."""
    parts = [_HEAD, "\n".join(_core())]
    parts += ["\n".join(_plugins(section, catalog.of(kind))) for section, kind in PLUGIN_SECTIONS.items()]
    return printable("\n".join(f"{part.strip()}\n" for part in [*parts, _RULES]))


def _core() -> Iterator[str]:
    for name, field in Core.model_fields.items():
        section = _section(field)
        if section is None:
            yield f"# {_sentence(field.description or '')}"
            yield f"#{name}: {_default(field, name)}"
        else:
            yield f"# {(section.__doc__ or '').strip().splitlines()[0]}"
            yield f"{name}:"
            for key, inner in section.model_fields.items():
                note = f"  # {inner.description}" if inner.description else ""
                yield f"  #{key}: {_default(inner, f'{name}.{key}')}{note}"
        yield ""


def _plugins(section: str, offers: list[Offer]) -> Iterator[str]:
    yield f"# {_PLUGINS[section]}"
    yield f"{section}:"
    for offer in offers:
        off = "" if on_by_default(offer) else " Off until it is named here."
        yield f"  # {_sentence(offer.summary or offer.name)}{off}"
        yield f"  #{offer.name}:"
        for key, field in offer.settings.model_fields.items():
            # on one line: a second one would be read as configuration
            note = " ".join((field.description or described(field)).split())
            yield f"    #{key}: {_default(field, f'{section}.{offer.name}.{key}')}  # {note}"


def _section(field: FieldInfo) -> type[Section] | None:
    for each in (field.annotation, *get_args(field.annotation)):
        if isinstance(each, type) and issubclass(each, Section):
            return each
    return None


def _sentence(text: str) -> str:
    text = f"{text[:1].upper()}{text[1:]}"
    return text if text.endswith((".", "?", "!", "。")) else f"{text}."


def _default(field: FieldInfo, key: str) -> str:
    if field.is_required():
        return "REQUIRED"
    value = _plain(written(key, field.get_default(call_default_factory=True)))
    return (
        yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000).removesuffix("...\n").strip()
    )


def _plain(value: Any) -> Any:
    """As YAML can write it."""
    if isinstance(value, SecretStr):
        return "***"
    if isinstance(value, BaseModel):
        return _plain(value.model_dump())
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return str(value) if isinstance(value, Path) else value
