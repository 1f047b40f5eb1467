"""A rule that the assistant proposes: checked and tried; switched on it can be by the user alone."""

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from coinmon.command import MarketReader, check_rule, try_rule
from coinmon_mcp._tools.tool import Answer, Arguments, OfPair, Tool

_Yaml = Annotated[
    str,
    Field(
        min_length=1, max_length=8_000,
        description="YAML: `name:` and below it `when: net_flow(spot).zscore > 2 and price > vwap(spot).vwap`, "
        "for, until, grade, direction, tests",
    ),
]  # fmt: skip


class RuleText(Arguments):
    """Rules as they would stand in rules/*.yaml."""

    yaml: _Yaml


class RuleOfPair(OfPair):
    """The same, tried on a pair."""

    yaml: _Yaml
    days: Annotated[int, Field(ge=1, le=14, description="days of stored history to replay")] = 7


class CheckedRule(Answer):
    """What is wrong with it."""

    rules: list[str] = Field(description="names of the rules that are right")
    faults: list[str] = Field(description="each mistake with line, column and cure; empty: give the YAML to the user")


class TriedRule(Answer):
    """What it says, and would have told."""

    pair: str
    now: dict[str, Any] = Field(description="by rule: on, silent or waits, and why")
    told: int = Field(description="how often it would have been told from `from` to `to`")
    latest: list[dict[str, Any]] = Field(description="the newest first")
    examples: list[dict[str, Any]] = Field(description="the rule's own `tests`: ok, or what it said instead")
    records: list[dict[str, Any]] = Field(description="what the price did after; a handful proves nothing")
    judged: dict[str, Any] = Field(description="share of the minutes in which it could be judged")


def _checked(desk: MarketReader, asked: RuleText) -> dict[str, Any]:
    found = check_rule(desk, asked.yaml)
    return {"rules": found["rules"], "faults": found["faults"]}


def _tried(desk: MarketReader, asked: RuleOfPair) -> dict[str, Any]:
    return try_rule(desk, asked.yaml, asked.symbol, asked.days, asked.moment())


def rule_tools(desk: MarketReader) -> Iterator[Tool]:
    """Both, where there is a language of rules."""
    if desk.config.catalog.of("language"):
        yield Tool(
            "check_rule", "Check a rule", "Whether an alert rule in YAML is right: names, units, syntax. Nothing is "
            "switched on: give the YAML to the user for rules/mine.yaml.",
            RuleText, CheckedRule, _checked, core=True,
        )  # fmt: skip
        yield Tool(
            "test_rule", "Test a rule", "Try an alert rule on a pair's stored history: what it says now, how often it "
            "would have told, what the price did after. Nothing is switched on.",
            RuleOfPair, TriedRule, _tried, core=True,
        )  # fmt: skip
