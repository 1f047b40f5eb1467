"""A rule that somebody proposes, checked and replayed without being switched on."""

from dataclasses import replace
from typing import Any

from coinmon.config.rules import RULES, rule_signals
from coinmon.errors import ConfigError
from coinmon.model.moment import DAY, iso
from coinmon.model.signal import Silent, say
from coinmon.plugin.rules import RulesFile
from coinmon.run.backtest import backtest, records
from coinmon.run.reader import MarketReader

MAX_TEXT, MAX_DAYS = 8_000, 14
"""Characters of the rules, and days that they are replayed over."""
_MAX_TOLD = 20
_NAME = "rule"
"""The file's name in messages: there is none."""


def check_rule(reader: MarketReader, text: str) -> dict[str, Any]:
    """rules: names of those that are right; faults: a line for each mistake, with line, column and cure."""
    if len(text) > MAX_TEXT:
        raise ConfigError(f"rule: {len(text):,} characters; at most {MAX_TEXT:,}")
    language = reader.config.catalog.get("language", RULES)
    if language is None:
        raise ConfigError("no plugin reads rules: see `coinmon plugins`")
    config = reader.config
    taken = {name: each for name, each in config.signals.items() if each.offer.distribution != RULES}
    made = language.target([RulesFile(_NAME, text, alone=True)], config.indicators, list(config.exchanges), taken)
    return {
        "rules": sorted(made.signals),
        "faults": list(made.faults),
        "signals": rule_signals(made),
        "examples": made.examples,
    }


def try_rule(reader: MarketReader, text: str, symbol: str, days: int, at: int | None) -> dict[str, Any]:
    """What the rules of a text say of a pair as of `at` (ms UTC; now), and would have told in the days before.

    Raises ConfigError for a wrong rule, NoDataError where nothing is stored.
    """
    found = check_rule(reader, text)
    if found["faults"] or not found["signals"]:
        raise ConfigError("; ".join(found["faults"]) or "rule: there is none in it that is on")
    market = reader.market(symbol, at)
    config = replace(reader.config, signals=found["signals"])
    history, universe = reader.stored_history()
    start = market.now - min(days, MAX_DAYS) * DAY
    replay = backtest(config, history, universe, [market.pair], start, market.now)
    told = [each.event for each in replay.told]
    now = {}
    for name, chosen in found["signals"].items():
        said = chosen.offer.target(market)
        state = "waits" if isinstance(said, Silent) and said.waits else "silent" if isinstance(said, Silent) else "on"
        now[name] = {"state": state, "reason": say(said.reason, "en") if isinstance(said, Silent) else None}
    return {
        "pair": str(market.pair),
        "now": now,
        "from": iso(replay.pairs[0].start),
        "to": iso(replay.pairs[0].end),
        "told": len(told),
        "latest": [
            {
                "time": each["time"],
                "rule": each["signal"],
                "direction": each["direction"],
                "reading": each["reading"]["en"],
            }
            for each in reversed(told[-_MAX_TOLD:])
        ],
        "examples": [
            {each: row[each] for each in ("rule", "pair", "at", "expect", "ok", "said")}
            for row in (found["examples"](reader) if found["examples"] else ())
        ],
        "records": [
            {"rule": each.signal, "direction": each.direction, "told": each.told, "horizons": dict(each.horizons)}
            for each in records(replay.told)
        ],
        "judged": {
            name: {"share": each.judged / max(1, each.minutes), "waits_for": each.why_waited or None}
            for name, each in replay.judgements().items()
        },
    }
