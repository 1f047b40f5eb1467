"""The examples beside rules, tried on what is stored or on the built-in emulator."""

from collections.abc import Iterator, Sequence
from typing import Any

from coinmon.command import ConfigError, Globals, MarketReader, NoDataError, desk_for, parse_time
from coinmon.signal import Silent
from coinmon_rules._fields import near
from coinmon_rules._rule import Example, Rule

DEMO_WINDOW = 50
"""Minutes that a demo reads before the moment of an example, beside those that the rule looks back."""


def tried(options: Globals, names: Sequence[str], *, demo: bool) -> list[dict[str, Any]]:
    """A row an example: rule, pair, at, expect, ok, said, place. Raises ConfigError for a rule that is not there."""
    if not demo:
        with desk_for(options) as reader:
            return list(_rows(reader, _wanted(reader.config, names)))
    examples = _wanted(options.load(), names)
    moments = sorted({example.at for _, example in examples})
    back = max((back for rule, _ in examples for _, back in rule.fields().values()), default=0)
    rows: list[dict[str, Any]] = []
    for at in moments:
        with desk_for(options, demo=True, at=at, window=DEMO_WINDOW + back) as reader:
            wanted = [(rule, example) for rule, example in _wanted(reader.config, names) if example.at == at]
            reader.scan_once()
            rows += _rows(reader, wanted)
    return rows


def _wanted(config: Any, names: Sequence[str]) -> list[tuple[Rule, Example]]:
    rules = {name: each.offer.target for name, each in config.signals.items() if isinstance(each.offer.target, Rule)}
    for name in names:
        if name not in rules:
            raise ConfigError(f"there is no rule {name}{near(name, rules)}; there are {', '.join(rules) or 'none'}")
    return [(rule, each) for name, rule in rules.items() if name in names or not names for each in rule.examples]


def _rows(reader: MarketReader, wanted: Sequence[tuple[Rule, Example]]) -> Iterator[dict[str, Any]]:
    for rule, example in wanted:
        try:
            at = parse_time(example.at)
        except ValueError as error:
            raise ConfigError(f"{example.place}: rule {rule.name}: at: {error}") from None
        try:
            said = rule(reader.market(example.pair, at))
        except (NoDataError, ConfigError) as error:
            said = Silent(str(error), waits=True)
        # what is enough to go on, but not to begin, is no sign that it is on
        on = any(each.begins for each in said)
        words = str(said.reason) if isinstance(said, Silent) else said[0].reading.en
        yield {
            "rule": rule.name, "pair": example.pair, "at": example.at, "expect": example.expect,
            "ok": on == example.expect, "said": words, "place": example.place,
        }  # fmt: skip
