"""Each mistake is one line: where it is, what is wrong, and what to write instead."""

import re

import pytest

from coinmon.errors import ConfigError
from coinmon_rules._check import condition
from coinmon_rules._written.synonyms import SYNONYMS

WHEN = [
    ("net_flo(spot).zscore > 2", 1, "did you mean net_flow"),
    ("oi.change_pct > 3", 1, "max(open_interest(each).change_pct)"),
    ("sma(price, 20m) < price", 1, "mean(price, 20m)"),
    ("price crosses vwap(spot).vwap", 7, "before(a, 1m) <= before(b, 1m)"),
    ("key_levels(spot).vah < price", 17, "did you mean day.vah"),
    ("cvd > 0", 1, "cvd(spot).cvd"),
    ("funding(perp).rate > 0", 1, "not one series: ask of one exchange: funding(binance), or max(funding(each)...)"),
    ("depth_delta(spot).imbalance > 0", 1, "not one book"),
    ("net_flow(spot).zscor > 2", 15, "did you mean zscore"),
    ("net_flow.zscore > 2", 1, "of which market"),
    ("net_flow(spot) > 2", 1, "several fields"),
    ("net_flow(bitmex).zscore > 2", 10, "no exchange that is on"),
    ("net_flow(binanse).zscore > 2", 10, "did you mean binance"),
    ("net_flow(each).zscore > 2", 1, "all(...), any(...) or count(...)"),
    ("net_flow(spot).zscore", 1, "a condition compares"),
    ("net_flow(spot).zscore = 2", 23, "write =="),
    ("net_flow(spot).zscore => 2", 23, "write =="),
    ("net_flow(spot).zscore > 2 && price > 1", 27, "write and"),
    ("net_flow(spot).zscore > 2 || price > 1", 27, "write or"),
    ("net_flow(spot).zscore > 2 AND price > 1", 27, "write and"),
    ("!on(whale)", 1, "write not"),
    ("net_flow(spot).zscore ≥ 2", 23, "write >="),
    ("net_flow（spot).zscore > 2", 9, "plain (ASCII)"),
    ("net_flow(spot).net_flow_pct > 5%", 32, "write the number alone"),
    ("net_flow(spot).net_flow > $5", 27, "write the number alone"),
    ("net_flow(spot).net_flow > 5 k", 29, "cannot stand here"),
    ("net_flow(spot).net_flow > 1.2.3", 27, "a number is written"),
    ("net_flow(spot).net_flow > 10x", 27, "a number is written"),
    ("(price > 1", 11, "not closed"),
    ("price > 1)", 10, "closes nothing"),
    ("price > ", 8, "breaks off"),
    ("price 1", 7, "expected before it"),
    ("price > 1 if price", 11, "not in the language"),
    ("price > 1 ? 1 : 0", 11, "two rules"),
    ("price ** 2 > 4", 8, "cannot stand"),
    ("price ^ 2 > 4", 7, "powers"),
    ("consensus.verdict == 'strong_bul'", 22, "did you mean strong_bull"),
    ("consensus.verdict == strong_bull", 22, "there is no indicator strong_bull"),
    ("consensus.verdict > 'mixed'", 1, "== or !="),
    ("consensus.verdict == 3", 22, "cannot be compared"),
    ("consensus(spot).total > 1", 1, "whole pair"),
    ("consensus.venues.net_flow > 1", 11, "say which of it"),
    ("consensus.venues[binance].flow > 1", 27, "did you mean net_flow"),
    ("consensus.total.x > 1", 17, "has no .x"),
    ("consensus.total[3] > 1", 17, "cannot stand"),
    ("consensus.total[last] > 1", 11, "is not a list"),
    ("net_flow(spot).net_flow > net_flow(spot).zscore", 27, "different units"),
    ("net_flow(spot).net_flow + net_flow(spot).zscore > 1", 27, "different units"),
    ("net_flow[windw=5](spot).zscore > 1", 1, "did you mean window"),
    ("net_flow[window=0](spot).zscore > 1", 17, "net_flow[window]"),
    ("net_flow[window='a'](spot).zscore > 1", 17, "net_flow[window]"),
    ("net_flow[5](spot).zscore > 1", 10, "cannot stand"),
    ("funding(spot).rate > 1", 1, "perp only"),
    ("change(price) > 1", 1, "of how long"),
    ("change(price, 15) > 1", 1, "of how long"),
    ("change(price, 0m) > 1", 15, "a window is 1m to"),
    ("change(price, 3d) > 1", 15, "a window is 1m to"),
    ("z(price, 4h, 7m) > 1", 14, "part of the window"),
    ("change(change(price, 20h), 20h) > 1", 1, "looks back"),
    ("all(net_flow(each).net_flow)", 5, "joins conditions"),
    ("not price", 5, "joins conditions"),
    ("price and price", 1, "joins conditions"),
    ("-on(whale) > 1", 2, "needs a number"),
    ("on(whales)", 1, "did you mean whale"),
    ("abs() > 1", 1, "needs something to work on"),
    ("sqrt(price) > 1", 1, "there is no indicator sqrt"),
    ("15m > price", 1, "stands in a window"),
    ("minutes_since(price) > 1", 1, "needs a time"),
    ("price.__class__ > 1", 1, "nothing but (...)"),
    ("consensus.__class__ == 'a'", 11, "has no field __class__"),
    ("price > " + "(" * 50 + "1", 49, "nested more than"),
    ("1 + " * 600 + "1 > 0", 2001, "characters"),
]
OTHERS = [
    ("a:\n  whn: price > 1\n", 2, 3, "did you mean when"),
    ("a:\n  expr: price > 1\n", 2, 3, "did you mean when"),
    ("a:\n  grade: A\n", 2, 3, "no `when:`"),
    ("a: price > 1\n", 1, 4, "expected keys"),
    ("a:\n  when: price > 1\n  for: 5\n", 3, 8, "did you mean 5m"),
    ("a:\n  when: price > 1\n  for: five\n", 3, 8, "no span of time"),
    ("a:\n  when: price > 1\n  grade: S\n", 3, 10, "not one of A+, A"),
    ("a:\n  when: price > 1\n  direction: up\n", 3, 14, "bullish"),
    ("a:\n  when: price > 1\n  say: '{price:wide}'\n", 3, 9, "no format"),
    ("a:\n  when: price > 1\n  say: '{prise}'\n", 3, 10, "there is no indicator prise"),
    ("a:\n  when: price > 1\n  say: {fr: x}\n", 3, 9, "not a language"),
    ("a:\n  when: price > 1\n  coverage: 95\n", 3, 13, "share from 0 to 1"),
    ("a:\n  when: price > 1\n  tests: [{pair: BTCUSDT}]\n", 3, 11, "needs pair and at"),
    ("a:\n  when: price > 1\n  tests: [{pair: BTCUSDT, at: x, expect: maybe}]\n", 3, 42, "not one of on, off"),
    ("a:\n  when: price > 1\n  pairs: {a: 1}\n", 3, 10, "expected a list"),
    ("Bad Name:\n  when: price > 1\n", 2, 3, "no name for a rule"),
    ("whale:\n  when: price > 1\n", 2, 3, "name of a signal"),
    ("a:\n  when: price > 1\na:\n  when: price > 2\n", 3, 1, "twice"),
    ("a:\n  when: price > 1\n  when: price > 2\n", 3, 3, "twice"),
    ("a:\n\twhen: price > 1\n", 2, 1, "tabs"),
    ("a: {when: max(price, 5m) > 1}\n", 1, 22, "in quotes"),
    ("- a\n", 1, 1, "expected rules by name"),
]


def said(load, text):
    with pytest.raises(ConfigError) as caught:
        load(text)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(("when", "column", "cure"), WHEN)
def test_in_a_condition(load, when, column, cure):
    lines = said(load, f"a:\n  when: |\n    {when}\n")
    assert len(lines) == 1
    found = re.fullmatch(r".*mine\.yaml, line 3, column (\d+): rule a: (.+)", lines[0])
    assert found, lines
    assert cure in found[2], lines
    # the text is indented by four
    assert abs(int(found[1]) - 4 - column) <= 1, lines


@pytest.mark.parametrize(("text", "line", "column", "cure"), OTHERS)
def test_around_it(load, text, line, column, cure):
    lines = said(load, text)
    assert any(f"line {line}, column {column}: " in each and cure in each for each in lines), lines


def test_the_column_is_that_of_the_file(load):
    plain = said(load, "a:\n  when: price > 1 and net_flo(spot).zscore > 2\n")
    assert "line 2, column 23:" in plain[0]
    quoted = said(load, "a:\n  when: 'price > 1 and net_flo(spot).zscore > 2'\n")
    assert "line 2, column 24:" in quoted[0]


def test_the_line_is_that_of_the_file(load):
    for sign in ("|", ">", ""):
        text = f"a:\n  when: {sign}\n    price > 1 and\n      net_flo(spot).zscore > 2\n    and price > 3\n"
        (line,) = said(load, text)
        assert "line 4, column 7:" in line, (sign, line)


def test_all_mistakes_of_all_rules_are_said_at_once(load):
    lines = said(load, "a:\n  when: prise > 1\nb:\n  when: price > 1\n  for: x\nc:\n  when: price > 1\n")
    assert len(lines) == 2


def test_sixty_typical_mistakes_are_here():
    assert len(WHEN) + len(OTHERS) >= 80


def test_every_synonym_says_what_can_be_written(known):
    asked = re.compile(r'[a-z_]+\((?:spot|perp|each|binance)\)\.[\w.]+(?:\["pd high"\]\.price)?')
    found = {part: word for word, meant in SYNONYMS.items() for part in asked.findall(meant)}
    assert len(found) > 10
    for part in found:
        condition(f"sum({part}) > 0" if "(each)" in part else f"{part} > 0", known)
    assert all(word == word.lower() for word in SYNONYMS)
