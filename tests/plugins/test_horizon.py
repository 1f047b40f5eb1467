"""The primary horizon of a signal: declared where it is registered, checked when the plugin is loaded."""

import pytest

from coinmon.plugin.catalog import load_catalog

PLUGIN = '''"""A signal."""
from coinmon import hookimpl


def mine(market):
    """Mine."""
    return []


@hookimpl
def register_signals(register):
    register("mine", mine{})
'''


def loaded(tmp_path, option):
    (tmp_path / "mine.py").write_text(PLUGIN.replace("{}", option))
    return load_catalog(tmp_path, ["signals", "exchanges", "indicators", "outputs"])


@pytest.mark.parametrize(
    ("option", "minutes"),
    [("", 60), (', horizon="15m"', 15), (', horizon="4h"', 240), (', horizon="7d"', 7 * 1440)],
)
def test_third_parties_declare_it_or_get_an_hour(tmp_path, option, minutes):
    catalog = loaded(tmp_path, option)
    assert catalog.get("signal", "mine").horizon == minutes


@pytest.mark.parametrize("horizon", ["", "1", "1w", "0m", "8d", "1h ", 60, None])
def test_what_is_none_is_refused_by_name(tmp_path, horizon):
    (broken,) = [each for each in loaded(tmp_path, f", horizon={horizon!r}").broken if each.plugin == "dir.mine"]
    assert "horizon is" in broken.why
    assert "mine.py, line 12" in broken.why


def test_each_bundled_signal_declares_one():
    found = {each.name: each.horizon for each in load_catalog().of("signal")}
    assert found["us_accumulation"] == 240
    assert found["funding_extreme"] == 1440
