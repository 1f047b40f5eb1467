"""`coinmon backtest`: signals replayed over what is stored, against the price afterwards."""

import json
from decimal import Decimal

import pytest

STEADY = '''
from coinmon import Signal, Text, hookimpl

def every_tenth(market) -> list[Signal]:
    """Fires at each tenth minute, bullish, then bearish."""
    minute = market.now // 60_000
    if minute % 10:
        return []
    direction = "bullish" if minute % 20 else "bearish"
    text = Text("x", "x")
    return [Signal("tenth", str(market.pair), "B", direction, text, text, key=f"tenth {minute}", once=True)]

@hookimpl
def register_signals(register):
    register("every_tenth", every_tenth)
'''


@pytest.fixture
def replayed(stored, changed, coinmon, tmp_path):
    """Runs a backtest with a signal of our own on a copy of the scanned database."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "steady.py").write_text(STEADY, "utf-8")
    config = changed(plugins={"dir": "mine"})
    return lambda *arguments: coinmon("--config", config, "--db", "coinmon.db", "--lang", "en", "backtest", *arguments)


def test_changes_are_those_of_the_stored_closes(replayed, stored):
    done = replayed("BTCUSDT", "--signal", "every_tenth", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    rows = json.loads(stored("export", "BTCUSDT", "--exchange", "binance", "--format", "json").out)
    # a signal at 11:20 knows the minute that closed then
    closes = {row["time"][11:16]: Decimal(str(row["close"])) for row in rows}
    assert [each["time"][11:16] for each in found["signals"]] == ["11:20", "11:30", "11:40", "11:50", "12:00"]
    for each in found["signals"]:
        hour, minute = map(int, each["time"][11:16].split(":"))
        last = hour * 60 + minute - 1
        price, later = (closes.get(f"{at // 60:02d}:{at % 60:02d}") for at in (last, last + 15))
        assert Decimal(str(each["price"])) == price
        if later is None:
            assert each["change_pct"]["15m"] is None
        else:
            assert each["change_pct"]["15m"] == pytest.approx(float(100 * (later / price - 1)))


def test_a_record_counts_in_the_signals_direction(replayed):
    found = json.loads(replayed("--signal", "every_tenth", "--json").out)
    for record in found["records"]:
        sign = -1 if record["direction"] == "bearish" else 1
        mine = [each for each in found["signals"] if each["direction"] == record["direction"]]
        known = [sign * each["change_pct"]["5m"] for each in mine if each["change_pct"]["5m"] is not None]
        assert record["told"] == len(mine)
        assert record["horizons"]["5m"]["known"] == len(known)
        assert record["horizons"]["5m"]["mean_pct"] == pytest.approx(sum(known) / len(known))
        assert record["horizons"]["5m"]["right"] == sum(each > 0 for each in known) / len(known)
        assert record["horizons"]["1d"] == {"known": 0, "mean_pct": None, "median_pct": None, "right": None}


def test_the_table(replayed):
    out = replayed("--signal", "every_tenth").out
    assert "tenth" in out
    assert "mean change of the price" in out


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--signal", "every"], 2, "--signal every: no such signal is on; there is"),
        (["BTCUSDX"], 2, "did you mean"),
        (["--from", "yesterday"], 2, "is not a time"),
        (["--from", "2026-01-15", "--to", "2026-01-15"], 2, "--to is not after --from"),
        (["--to", "2020-01-01"], 3, "nothing is stored of"),
    ],
)
def test_what_cannot_be_replayed(stored, arguments, code, told):
    done = stored("backtest", *arguments)
    assert (done.code, len(done.err)) == (code, 1), done
    assert told in done.err[0]
