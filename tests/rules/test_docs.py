"""docs/rules.md: its rules are read as they stand there, and those after bundled signals begin when these do."""

import re
from pathlib import Path

import pytest

from coinmon_rules._check import condition
from coinmon_rules._examples.tried import given

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "rules.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
RECIPES = re.findall(r"^\| [^|]+ \| `([^`]+ [^`]+)` \|$", TEXT[TEXT.index("## Ten recipes") :], re.MULTILINE)


def test_every_rule_is_read(load):
    assert len(BLOCKS) == 4
    config = load("rules:\n" + "\n".join(each.removeprefix("rules:\n") for each in BLOCKS))
    assert {"spot_leads", "consensus_turns", "my_absorption"} <= config.signals.keys()
    assert len([name for name in config.signals if name.startswith("my_")]) >= 12


def test_the_page_s_written_minutes_come_out_as_it_says(load):
    config = load("\n".join(each for each in BLOCKS if "bars:" in each))
    rule = config.signals["spot_bought_and_up"].offer.target
    said = [any(each.begins for each in rule(given(config, rule, example))) for example in rule.examples]
    assert said == [True, False] == [example.expect for example in rule.examples]


def test_a_rule_is_judged_after_its_own_horizon(load):
    config = load("a:\n  when: price > 1\n  horizon: 4h\nb:\n  when: price > 1\n")
    assert (config.signals["a"].offer.horizon, config.signals["b"].offer.horizon) == (240, 60)


def test_the_first_rule_has_six_lines():
    assert len(BLOCKS[0].strip().splitlines()) <= 6


def test_the_chinese_page_has_the_same_rules():
    chinese = (ROOT / "docs" / "rules.zh.md").read_text("utf-8")
    assert BLOCKS[0] in chinese
    assert all(f"`{each}`" in chinese for each in RECIPES)


@pytest.mark.parametrize("when", RECIPES)
def test_recipes(known, when):
    condition(when, known)


def test_there_are_ten_recipes():
    assert len(RECIPES) == 10


@pytest.mark.timeout(100)
def test_rules_after_bundled_signals_begin_when_these_do(benchmark):
    _, found, on, looked = benchmark("truth/rules_as_signals").differences(seed=7, step=30, events=4)
    assert not found
    assert looked > 6
    assert len(on) >= 12
