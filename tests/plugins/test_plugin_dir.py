"""A file dropped in plugin_dir works like a package; anything can be switched off by name."""

import pytest

from coinmon.errors import ConfigError
from coinmon.plugin.catalog import load_catalog
from coinmon.plugin.signature import check_settings

SIGNAL = '''
from typing import Annotated
from pydantic import Field
from coinmon import hookimpl

def mine(market, *, level: Annotated[int, Field(ge=1)] = 3, words: tuple[str, ...] = ("a",)) -> list:
    """My own signal.

    With more about it.
    """
    return [level]

@hookimpl
def register_signals(register):
    register("mine", mine)
'''


def test_a_file_in_the_folder_is_offered_with_its_settings(catalog_of):
    offer = catalog_of(mine=SIGNAL).get("signal", "mine")
    assert (offer.plugin, offer.distribution, offer.summary) == ("dir.mine", "plugin_dir", "My own signal.")
    assert check_settings(offer.settings, {}, "signals.mine") == {"level": 3, "words": ("a",)}
    assert offer.target(None, level=9) == [9]


def test_its_settings_are_checked_by_its_signature(catalog_of):
    offer = catalog_of(mine=SIGNAL).get("signal", "mine")
    with pytest.raises(ConfigError, match=r"signals\.mine\.level: input should be greater than or equal to 1"):
        check_settings(offer.settings, {"level": 0}, "signals.mine")
    with pytest.raises(ConfigError, match=r"levell is not a setting \(did you mean level\?\); it takes level, words"):
        check_settings(offer.settings, {"levell": 1}, "signals.mine")


def test_a_package_in_the_folder_is_one_plugin(tmp_path):
    package = tmp_path / "boxed"
    package.mkdir()
    (package / "__init__.py").write_text(SIGNAL.replace('"mine"', '"boxed"'), "utf-8")
    (tmp_path / "notes.txt").write_text("not a plugin", "utf-8")
    (tmp_path / "_private.py").write_text("1/0", "utf-8")
    catalog = load_catalog(tmp_path)
    assert catalog.get("signal", "boxed").plugin == "dir.boxed"
    assert not [each for each in catalog.broken if each.distribution == "plugin_dir"]


def test_a_folder_that_is_not_there_is_listed_as_broken(tmp_path):
    (broken,) = [each for each in load_catalog(tmp_path / "none").broken if each.distribution == "plugin_dir"]
    assert "No such file" in broken.why


@pytest.mark.parametrize(
    ("wish", "gone"),
    [
        ("signals.whale", [("signal", "whale")]),
        ("signals", [("signal", "whale"), ("signal", "consensus")]),
        ("outputs", [("output", "log")]),
        ("dir.mine", [("signal", "mine")]),
        ("plugin_dir", [("signal", "mine"), ("signal", "zz_sound")]),
        ("coinmon", [("signal", "whale"), ("output", "log"), ("indicator", "net_flow")]),
        ("mine", [("signal", "mine")]),
    ],
)
def test_disabled_by_plugin_by_group_by_distribution_or_by_offered_name(wish, gone, catalog_of):
    catalog = catalog_of(mine=SIGNAL, disabled=(wish,))
    assert not [each for each in gone if each in catalog.offers]
    assert catalog.disabled
    assert catalog.offers


def test_a_prefix_is_whole_words(catalog_of):
    assert not catalog_of(mine=SIGNAL, disabled=("sig", "signals.whal", "dir.min")).disabled


def test_a_disabled_plugin_is_not_even_imported(catalog_of):
    catalog = catalog_of(bad="1/0", disabled=("dir.bad",))
    assert catalog.disabled == ["dir.bad"]
    assert not [each for each in catalog.broken if each.plugin == "dir.bad"]
