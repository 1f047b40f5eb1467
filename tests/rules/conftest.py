"""Rules read from texts, with the bundled indicators at hand."""

import pytest

from coinmon.config.load import load_config
from coinmon_rules._check import Known
from coinmon_rules._fields import Indicators

VENUES = ("binance", "okx", "bybit", "coinbase")


@pytest.fixture(scope="module")
def indicators(tmp_path_factory):
    return load_config(None, environ={}, cwd=tmp_path_factory.mktemp("config")).indicators


@pytest.fixture
def known(indicators):
    return Known(Indicators(indicators), VENUES, {"consensus": lambda market: (), "whale": lambda market: ()}, 0.95)


@pytest.fixture
def load(tmp_path):
    """The configuration with a file of rules."""

    def made(text, **more):
        (tmp_path / "rules").mkdir(exist_ok=True)
        (tmp_path / "rules" / "mine.yaml").write_text(text, "utf-8")
        return load_config(None, environ={}, cwd=tmp_path, **more)

    return made
