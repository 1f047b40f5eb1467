"""The pages that are made from the plugins are those of the plugins as they are."""

from pathlib import Path

import pytest

from coinmon.plugin.catalog import load_catalog
from coinmon.plugin.reference import reference

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(("kind", "name"), [("indicator", "indicators.md"), ("signal", "signal-settings.md")])
def test_it_is_current(kind, name):
    offers = [each for each in load_catalog().of(kind) if each.distribution == "coinmon"]
    page = reference(kind, offers)
    assert (DOCS / name).read_text("utf-8") == page, f"coinmon plugins docs {kind} > docs/{name}"


def test_it_holds_nothing_of_the_process_that_made_it():
    text = (DOCS / "indicators.md").read_text("utf-8")
    assert "## vwap" in text
    assert "| `sigma` | volume-weighted standard deviation" in text
    assert " at 0x" not in text
