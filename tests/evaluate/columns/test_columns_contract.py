"""`columns` that are not as agreed are refused when they are loaded, or left aside for the signal itself."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from coinmon.config.load import load_config
from coinmon.evaluate.evaluator import Evaluator
from coinmon.evaluate.frame import Frame
from coinmon.model.instrument import Pair
from coinmon.model.moment import MINUTE
from coinmon.plugin.members import check_beside

from ..test_event_columns import FIRST, START, VENUES, scenario

SHORTCUTS = {
    "open_interest": "oi_jump", "funding": "funding_extreme", "cvd": "cvd_divergence", "structure": "structure_break",
    "absorption": "absorption", "key_levels": "key_level_touch",
}  # fmt: skip
"""By indicator a signal that works out in its place whether it may say something."""


def mine(market, *, limit: float = 1.0, window: int = 5):
    return []


async def later(frame, *, limit, window):
    return None


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        (3, "not a plain function"),
        (later, "not a plain function"),
        (lambda frame, *, limit: None, "does not take the signal's settings window"),
    ],
)
def test_refused_when_loaded(columns, why):
    with pytest.raises(TypeError, match=why):
        check_beside("mine", mine, "columns", columns)


def test_all_settings_by_name_or_any():
    check_beside("mine", mine, "columns", lambda frame, *, limit, window: None)
    check_beside("mine", mine, "columns", lambda frame, **settings: None)


@pytest.mark.parametrize(
    "given",
    [
        lambda frame, **settings: np.zeros(frame.count),
        lambda frame, **settings: np.zeros(frame.count - 1, np.int8),
        lambda frame, **settings: np.zeros(frame.count, np.int32),
        lambda frame, **settings: [0] * frame.count,
        lambda frame, **settings: 1 / 0,
    ],
)
def test_what_they_give_wrong_is_noted_and_the_signal_is_asked(given, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = load_config(None, environ={})
    chosen = config.signals["consensus"]
    config = replace(config, signals={"consensus": replace(chosen, offer=replace(chosen.offer, columns=given))})
    evaluator = Evaluator(config, ["binance"])
    assert evaluator.codes("consensus", SimpleNamespace(count=5)) is None
    assert list(evaluator.failures) == ["columns of signal consensus"]


def test_every_bundled_signal_has_columns(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = load_config(None, environ={})
    assert len(config.signals) > 20
    assert not [name for name, each in config.signals.items() if each.offer.columns is None]


@pytest.mark.parametrize("name", SHORTCUTS)
def test_a_shortcut_is_none_where_another_indicator_stands_in_the_bundled_ones_place(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config, signal = load_config(None, environ={}), SHORTCUTS[name]
    instruments, stored = scenario(2)
    now = FIRST * MINUTE + START

    def shortcuts(config):
        """Whether it has columns, and is known to be quiet at any of some moments."""
        evaluator = Evaluator(config, list(VENUES))
        markets = [evaluator.market(Pair("BTC", "USDT"), instruments, stored, now + i * 7 * MINUTE) for i in range(10)]
        frame = Frame(markets[0], stored, now, 3, evaluator.indicator, lambda at: markets[0])
        seen = evaluator.codes(signal, frame) is not None, any(evaluator.is_quiet(signal, each) for each in markets)
        assert not evaluator.failures
        return seen

    def of(config, kind, name):
        found = getattr(config, kind)
        theirs = replace(found[name], offer=replace(found[name].offer, distribution="acme"))
        return replace(config, **{kind: {**found, name: theirs}})

    assert shortcuts(config) == (True, True)
    replaced = of(config, "indicators", name)
    assert shortcuts(replaced) == (False, False)
    # whoever made both knows what it does
    assert shortcuts(of(replaced, "signals", signal)) == (True, True)
