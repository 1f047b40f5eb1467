"""`preset: calm`: thresholds in each pair's own usual flow, so that balanced noise hardly ever pages."""

import json
import re
import time
from decimal import Decimal

import numpy as np
import pytest
from click.testing import CliRunner
from typer.main import get_command

from coinmon.cli import build
from coinmon.commands import Globals
from coinmon.commands.doctor import _noise
from coinmon.config.load import load_config
from coinmon.errors import ConfigError
from coinmon.model.bars import Bars, Coverage
from coinmon.model.instrument import Instrument
from coinmon.model.moment import MINUTE, floor, iso
from coinmon.run.noise import tossed
from coinmon.store.bars import write_bars
from coinmon.store.database import open_database
from coinmon.store.instruments import sync_instruments

NOW, DAYS = 1_768_435_200_000, 3
VENUES = ("binance", "okx", "bybit", "coinbase")


@pytest.fixture(scope="module")
def noisy(tmp_path_factory):
    """A day of history and two of noise to judge."""
    return market(tmp_path_factory.mktemp("noise"), DAYS * 1440)


def market(folder, n, until=NOW):
    """The configuration of the n minutes before, on four venues whose sizes differ a hundredfold."""
    database = open_database(f"sqlite:///{folder / 'coinmon.db'}")
    random = np.random.default_rng(11)
    since = until - n * MINUTE
    close = 4_000_000 + np.cumsum(random.integers(-300, 301, n))
    with database.write() as connection:
        for venue, size in zip(VENUES, (40.0, 10.0, 4.0, 0.4), strict=True):
            made = Instrument(venue, "spot", "BTC", "USDT", "BTC", "BTC/USDT", Decimal("0.01"), Decimal("0.001"))
            ((number, stored),) = sync_instruments(connection, [made], since).values()
            volume = random.gamma(0.8, size, n)
            # one-sided on purpose: all of it would be a signal, were sides not drawn anew
            buy = volume * 0.7
            rows = Bars(
                Decimal("0.01"), since + np.arange(n) * MINUTE, close, close + 50, close - 50, close, volume,
                volume * close / 100, np.full(n, 9, np.int64), buy, buy * close / 100, np.zeros(n), volume * 0.4,
                np.full(n, Coverage.TRADES, np.uint8),
            )  # fmt: skip
            write_bars(connection, number, stored, rows)
    database.close()
    config = folder / "config.yaml"
    config.write_text(
        f"db: {folder / 'coinmon.db'}\nclock: {{at: '{iso(NOW)}', wall: '{iso(NOW)}', speed: 0}}\n"
        "signals: {accumulation: false, steady_growth: false, volume_spike: false, early_pump: false,\n"
        # graded C, it never pages
        "  panic_dump: false, long_trap: false}\n"
    )
    return config


def test_noise_pages_many_times_a_day_under_seed_and_never_under_calm(noisy):
    shown = CliRunner().invoke(
        get_command(build()), ["--config", str(noisy), "scorecard", "--noise", "--days", "2", "--json"]
    )
    assert shown.exit_code == 0, shown.output
    found = json.loads(shown.stdout)
    assert found["seed"]["pair_days"] == pytest.approx(2, abs=0.1)
    assert found["seed"]["pages_per_pair_day"] > 3
    assert found["calm"]["pages_per_pair_day"] == 0, found["calm"]


def test_doctor_says_of_ones_own_history_what_each_preset_pages(tmp_path):
    where = Globals(config=market(tmp_path, 300))
    (finding,) = _noise(where, where.load(), NOW)
    seed, calm = map(float, re.findall(r"(?:seed|calm) ([0-9.]+)", finding.detail))
    assert seed > 3 > 1 > calm == 0, finding
    assert "yours is seed" in finding.detail
    assert f"{300 / 1440:.1f} pair days" in finding.detail


def test_init_says_the_same_where_there_is_a_history(tmp_path):
    # a database that is not there is not made, and nothing is said of it
    assert _init(tmp_path, "elsewhere.db") == [f"wrote {tmp_path / 'made.yaml'}"]
    assert not (tmp_path / "elsewhere.db").exists()
    market(tmp_path, 75, floor(int(time.time() * 1000)))
    _, seed, calm = _init(tmp_path, "coinmon.db", "en")
    assert re.fullmatch(r"preset: seed  \d+\.\d false pages .*, on 0\.1 pair days of your own history .*", seed)
    assert calm.startswith("preset: calm  0.0 false pages")
    chinese = _init(tmp_path, "coinmon.db", "zh")
    assert re.fullmatch("preset: calm  每交易对每天误报 A 级以上 0.0 次（.*）", chinese[2])


def _init(folder, db, lang="en"):
    made = ["--db", str(folder / db), "--lang", lang, "config", "init", "--force", str(folder / "made.yaml")]
    shown = CliRunner().invoke(get_command(build()), made)
    assert shown.exit_code == 0, shown.output
    return shown.stdout.splitlines()


def test_a_setting_of_ones_own_is_stronger_than_the_preset(tmp_path):
    plain = load_config(None, environ={}, cwd=tmp_path).signals
    calm = load_config(None, environ={}, cwd=tmp_path, overrides={"preset": "calm"}).signals
    own = {"preset": "calm", "signals.us_accumulation.min_net_flow": 5e5, "signals.global_sync.bearish": False}
    mixed = load_config(None, environ={}, cwd=tmp_path, overrides=own).signals
    assert plain["us_accumulation"].settings["min_net_flow"] == 1e6
    assert plain["long_trap"].settings["noise_floor"] == 0
    assert calm["us_accumulation"].settings["min_net_flow"] == 0
    assert calm["global_sync"].settings["bearish"] is True
    assert mixed["us_accumulation"].settings["min_net_flow"] == 5e5
    assert mixed["us_accumulation"].settings["min_times"] > 0
    assert mixed["global_sync"].settings["bearish"] is False
    with pytest.raises(ConfigError, match="preset"):
        load_config(None, environ={}, cwd=tmp_path, overrides={"preset": "loud"})


def test_a_coin_is_fair_and_falls_the_same_way_again():
    times = NOW + np.arange(20_000) * MINUTE
    first = tossed(times, 1)
    assert abs(first.mean() - 0.5) < 0.02
    assert (first == tossed(times, 1)).all()
    assert abs((first == tossed(times, 2)).mean() - 0.5) < 0.02
    assert abs((first[1:] == first[:-1]).mean() - 0.5) < 0.02
