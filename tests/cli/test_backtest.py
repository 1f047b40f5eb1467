"""`coinmon backtest`: signals replayed over what is stored, against the price afterwards."""

import json
import math
from decimal import Decimal
from pathlib import Path

import pytest

LATER = "2026-01-15T11:45:00Z"

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
    """From the price a minute after the signal on; a minute's price weighs the spot venues' closes by their volume."""
    done = replayed("BTCUSDT", "--signal", "every_tenth", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    money, volume = {}, {}
    for venue in found["pairs"][0]["venues"]:
        for row in json.loads(stored("export", "BTCUSDT", "--exchange", venue, "--format", "json").out):
            if row["close"] and row["volume"]:
                # the minute that opens at 11:19 ends at 11:20
                hour, minute = map(int, row["time"][11:16].split(":"))
                at = hour * 60 + minute + 1
                money[at] = money.get(at, Decimal(0)) + Decimal(str(row["close"])) * Decimal(str(row["volume"]))
                volume[at] = volume.get(at, Decimal(0)) + Decimal(str(row["volume"]))
    prices = {at: float(money[at] / volume[at]) for at in money}
    assert [each["time"][11:16] for each in found["signals"]] == ["11:20", "11:30", "11:40", "11:50", "12:00"]
    known = 0
    for each in found["signals"]:
        hour, minute = map(int, each["time"][11:16].split(":"))
        at = hour * 60 + minute
        assert each["price"] == pytest.approx(prices[at], rel=1e-12)
        entry, later = prices.get(at + 1), prices.get(at + 16)
        if entry is None or later is None:
            assert each["change_pct"]["15m"] is None
            continue
        known += 1
        assert each["change_pct"]["15m"] == pytest.approx(100 * math.log(later / entry), rel=1e-9)
        path = [100 * math.log(prices[one] / entry) for one in range(at + 1, at + 17) if one in prices]
        best, worst = (max, min) if each["direction"] == "bullish" else (min, max)
        sign = 1 if each["direction"] == "bullish" else -1
        assert each["best_pct"]["15m"] == pytest.approx(sign * best(path), abs=1e-9)
        assert each["worst_pct"]["15m"] == pytest.approx(sign * worst(path), abs=1e-9)
    assert known >= 2


def test_the_price_does_not_depend_on_the_end(replayed):
    short, long = (
        json.loads(replayed("--signal", "every_tenth", "--json", *more).out) for more in (["--to", LATER], [])
    )
    told = {each["id"]: each for each in long["signals"]}
    assert short["signals"]
    assert all(told[each["id"]] == each for each in short["signals"])


def test_what_was_judged_is_said(replayed):
    found = json.loads(replayed("--signal", "every_tenth", "--json").out)
    (pair,) = found["pairs"]
    assert pair["judged"]["every_tenth"]["share"] == 1.0
    assert pair["judged"]["every_tenth"]["minutes"] > 40
    assert set(pair["coverage"].values()) <= {share for share in pair["coverage"].values() if 0 <= share <= 1}
    assert pair["from"] < pair["to"]


def test_a_signal_that_raises_is_a_row_and_not_silence(replayed, tmp_path):
    (tmp_path / "mine" / "steady.py").write_text(STEADY.replace("minute = market.now // 60_000", "1 / 0"), "utf-8")
    found = json.loads(replayed("--signal", "every_tenth", "--json").out)
    assert found["signals"] == []
    assert found["judged"]["every_tenth"]["failed"] == 1.0
    assert "ZeroDivisionError" in found["judged"]["every_tenth"]["why_failed"]
    out = replayed("--signal", "every_tenth").out
    # the result stands last, where it is seen
    assert 0 < out.index("ZeroDivisionError") < out.index("no signal was told")


def test_a_state_that_is_on_at_the_beginning_is_not_new(replayed, tmp_path):
    lasting = STEADY.replace("if minute % 10:", "if False:").replace('key=f"tenth {minute}", once=True', 'key="on"')
    lasting = lasting.replace('"bearish"', '"bullish"')
    (tmp_path / "mine" / "steady.py").write_text(lasting, "utf-8")
    assert len(json.loads(replayed("--signal", "every_tenth", "--json").out)["signals"]) == 1
    assert json.loads(replayed("--signal", "every_tenth", "--json", "--from", LATER).out)["signals"] == []


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
    assert "before costs: coinmon scorecard --replayed" in out
    assert out.index("covered:") < out.index("tenth")


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


def test_as_known_says_so_and_is_refused_otherwise(replayed):
    found = json.loads(replayed("--signal", "every_tenth", "--as", "known", "--json").out)
    assert found["as"] == "known"
    assert json.loads(replayed("--signal", "every_tenth", "--json").out)["as"] == "complete"
    assert replayed("--as", "later").code == 2


def test_two_processes_say_the_same_to_the_byte(replayed, forked_workers):
    one, two = (replayed("--json", *more) for more in (["--no-cache"], ["--no-cache", "--jobs", "2"]))
    assert two.code == 0, two.err
    assert json.loads(one.out)["signals"]
    assert one.out == two.out
    assert not Path("replays").exists()
    for taken, computed in ((0, 1), (1, 0)):
        kept = replayed("--json", "--jobs", "2", "--cache", "kept")
        assert kept.out == one.out
        assert kept.err[-1].endswith(f"months of pairs: {taken} taken from earlier replays, {computed} computed")
    assert replayed("--cache", "kept", "--no-cache").code == 2
