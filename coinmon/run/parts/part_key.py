"""What a part of a replay depends on besides the stored rows that it reads: under that it is kept."""

from dataclasses import fields
from typing import Any

import yaml

from coinmon.config.load import Config
from coinmon.config.plugin_config import PluginConfig
from coinmon.config.rules import RULES
from coinmon.run.parts.replay_parts import As, PairPlayer
from coinmon.run.parts.traced_rows import digest_of

_NEVER_JUDGED_BY = frozenset(
    {
        "path", "symbols", "interval", "settle", "db", "shard", "retention_days", "levels_days", "samples_days",
        "deliveries_days", "lang", "proxy", "log", "plugins", "notify", "costs", "books", "serve", "clock",
        "replay_cache", "exchanges", "indicators", "signals", "outputs", "catalog", "origins", "rules", "screen",
        "warnings", "demo_past",
    }
)  # fmt: skip
"""Fields of the configuration that no answer of a signal depends on, or that are looked at by themselves."""


def settings_digest(config: Config, known: As, in_lake: bool) -> bytes:
    """Of all that is configured and may change what signals say; known, in_lake: what is replayed.

    Raises TypeError for a setting of a kind of which it cannot be said whether it is the same, and OSError for files of
    rules that cannot be read.
    """
    plain = {each.name: getattr(config, each.name) for each in fields(config) if each.name not in _NEVER_JUDGED_BY}
    plugins = [
        [(name, *_chosen(each)) for name, each in several.items()] for several in (config.indicators, config.signals)
    ]
    answers = {each.name: list(each.answers) for each in config.catalog.of("indicator")}
    return digest_of([plain, list(config.exchanges), plugins, answers, _rules(config), known, in_lake])


def part_key(settings: bytes, source: str, player: PairPlayer, part: tuple[int, int, bool]) -> str:
    """Hexadecimal. source: which source computes it."""
    begin, _, leads_in = part
    lead_in = player.lead_in(begin) if leads_in else begin
    listed = list(player.days.items())
    return digest_of([settings, source, str(player.pair), player.instruments, listed, list(part), lead_in]).hex()


def _chosen(plugin: PluginConfig) -> tuple[str, str, Any]:
    offer = plugin.offer
    return offer.plugin, offer.distribution, plugin.settings


def _rules(config: Config) -> list[Any]:
    """All that is written as rules, where one of them is on: they may use one another's words."""
    if not any(each.offer.distribution == RULES for each in config.signals.values()):
        return []
    found = []
    for path in config.rules.files():
        text = path.read_text("utf-8-sig")
        found.append((yaml.safe_load(text) or {}).get(RULES) if path == config.rules.config else text)
    return found
