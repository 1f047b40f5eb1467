"""The examples beside rules, tried on what is stored or on the built-in emulator."""

from collections.abc import Iterator, Sequence
from typing import Any

from coinmon.command import (
    ConfigError,
    Globals,
    Market,
    MarketReader,
    NoDataError,
    Pair,
    desk_for,
    given_market,
    parse_time,
)
from coinmon.signal import Silent
from coinmon_rules._examples.inline_bars import coin_names
from coinmon_rules._fields import near
from coinmon_rules._rule import Example, Rule

DEMO_WINDOW = 50
"""Minutes that a demo reads before the moment of an example, beside those that the rule looks back."""


def tried(options: Globals, names: Sequence[str], *, demo: bool) -> list[dict[str, Any]]:
    """A row an example: rule, pair, at, expect, ok, said, place. Raises ConfigError for a rule that is not there."""
    config = options.load()
    examples = _wanted(config, names)
    read = [(rule, example) for rule, example in examples if not example.bars]
    if read and not demo:
        with desk_for(options) as reader:
            return rows_of(reader, examples)
    rows = [_row(rule, example, given(config, rule, example)) for rule, example in examples if example.bars]
    if not demo:
        return rows
    back = max((back for rule, _ in read for _, back in rule.fields().values()), default=0)
    for at in sorted({example.at for _, example in read}):
        with desk_for(options, demo=True, at=at, window=DEMO_WINDOW + back) as reader:
            reader.scan_once()
            wanted = [each for each in _wanted(reader.config, names) if each[1].at == at and not each[1].bars]
            rows += _rows(reader, wanted)
    return rows


def rows_of(reader: MarketReader, wanted: Sequence[tuple[Rule, Example]]) -> list[dict[str, Any]]:
    """As `tried`: on the minutes that are written beside a rule, the others on what the reader has stored."""
    rows = [_row(rule, each, given(reader.config, rule, each)) for rule, each in wanted if each.bars]
    return rows + list(_rows(reader, [(rule, each) for rule, each in wanted if not each.bars]))


def given(config: Any, rule: Rule, example: Example) -> Market:
    """The market of the minutes that are written in the example."""
    base, quote = coin_names(example.pair)
    pair, now = Pair(base, quote), _moment(rule, example)
    return given_market(config, pair, [each.given(pair, now) for each in example.bars], now)


def _wanted(config: Any, names: Sequence[str]) -> list[tuple[Rule, Example]]:
    rules = {name: each.offer.target for name, each in config.signals.items() if isinstance(each.offer.target, Rule)}
    for name in names:
        if name not in rules:
            raise ConfigError(f"there is no rule {name}{near(name, rules)}; there are {', '.join(rules) or 'none'}")
    return [(rule, each) for name, rule in rules.items() if name in names or not names for each in rule.examples]


def _rows(reader: MarketReader, wanted: Sequence[tuple[Rule, Example]]) -> Iterator[dict[str, Any]]:
    for rule, example in wanted:
        at = _moment(rule, example)
        try:
            market = reader.market(example.pair, at)
        except (NoDataError, ConfigError) as error:
            yield _row(rule, example, None, str(error))
        else:
            yield _row(rule, example, market)


def _row(rule: Rule, example: Example, market: Market | None, missing: str = "") -> dict[str, Any]:
    said = Silent(missing, waits=True) if market is None else rule(market)
    # what is enough to go on, but not to begin, is no sign that it is on
    on = any(each.begins for each in said)
    words = str(said.reason) if isinstance(said, Silent) else said[0].reading.en
    return {
        "rule": rule.name, "pair": example.pair, "at": example.at, "expect": example.expect,
        "ok": market is not None and on == example.expect, "said": words, "place": example.place,
    }  # fmt: skip


def _moment(rule: Rule, example: Example) -> int:
    try:
        return parse_time(example.at)
    except ValueError as error:
        raise ConfigError(f"{example.place}: rule {rule.name}: at: {error}") from None
