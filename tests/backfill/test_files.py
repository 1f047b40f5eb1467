"""`--file`: the venues' own files in every form they had, their numbers, and what is wrong with bad ones."""

import gzip
import hashlib
import random
import zipfile
from decimal import Decimal

import numpy as np
import pytest

from coinmon import Coverage

DAY = 1_768_435_200_000  # 2026-01-15
DATE = "2026-01-15"
UM_HEADER = "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker"
SPOT, PERP = "binance:BTC/USDT", "binance:BTC/USDT:USDT"


def trades(count=3000, tick="0.10", lot="0.001", seed=5):
    """(time, price, quantity, side) in order, some minutes quiet."""
    rng = random.Random(seed)
    times = sorted(DAY + rng.randrange(0, 600) * 60_000 + rng.randrange(60_000) for _ in range(count))
    price = Decimal("95000.0")
    rows = []
    for at in times:
        price += rng.choice((-1, 0, 0, 1)) * Decimal(tick)
        rows.append((at, price, rng.choice((1, 5, 250, 100_000)) * Decimal(lot), rng.choice((1, -1))))
    return rows


def um_lines(rows, first_id=900):
    return [
        f"{number},{price.normalize():f},{size},{number},{number},{at},{str(side < 0).lower()}"
        for number, (at, price, size, side) in enumerate(rows, first_id)
    ]


def spot_lines(rows, scale=1000):
    return [
        f"{number},{price:.8f},{size:.8f},{number},{number},{at * scale + 7 * (scale > 1)},{side < 0},True"
        for number, (at, price, size, side) in enumerate(rows, 900)
    ]


@pytest.mark.parametrize(("header", "form"), [(True, "zip"), (False, "csv"), (False, "csv.gz")])
def test_a_day_of_usdm_aggregates(bench, plain, tmp_path, header, form):
    rows, name = trades(), f"BTCUSDT-aggTrades-{DATE}"
    lines = [UM_HEADER] * header + um_lines(rows)
    path = tmp_path / f"{name}.{form}"
    text = "".join(f"{line}\n" for line in lines).encode()
    if form == "zip":
        plain.zipped(tmp_path, name, lines)
    else:
        path.write_bytes(gzip.compress(text) if form == "csv.gz" else text)
    done = bench.backfill("BTCUSDT", "--exchange", "binance", "--file", path)
    assert (done.code, done.err) == (0, "")
    bars = bench.bars(PERP)
    plain.agree(bars, plain.bars(rows))
    assert bars.trades.sum() == len(rows)
    first, last = rows[0][0] // 60_000 * 60_000, rows[-1][0] // 60_000 * 60_000
    # its first row is in the day's first minute
    known = (last - first) // 60_000
    assert f"minutes: {known} trades, 0 klines, {1440 - known} partial" in done.out
    inside = bars.time < last
    assert set(bars.coverage[inside].tolist()) == {Coverage.TRADES}
    assert set(bars.coverage[~inside].tolist()) == {Coverage.PARTIAL}, "the file may have been cut there"


@pytest.mark.parametrize("scale", [1000, 1], ids=["microseconds", "milliseconds"])
def test_a_day_of_spot_aggregates(bench, plain, tmp_path, scale):
    rows = trades(tick="0.01", lot="0.00001")
    path = plain.zipped(tmp_path, f"BTCUSDT-aggTrades-{DATE}", spot_lines(rows, scale))
    assert bench.backfill("BTCUSDT", "--exchange", "binance", "--file", path).code == 0
    plain.agree(bench.bars(SPOT), plain.bars(rows))


def test_a_month_is_stored_by_the_day(bench, plain, tmp_path):
    rows = [(at + day * 86_400_000, *rest) for day in range(3) for at, *rest in trades(500, seed=day)]
    path = plain.zipped(tmp_path, "BTCUSDT-aggTrades-2026-01", um_lines(rows))
    assert bench.backfill("BTCUSDT", "--exchange", "binance", "--file", path).code == 0
    plain.agree(bench.bars(PERP), plain.bars(rows))


def test_blocks_and_batches_leave_no_seam(bench, plain, tmp_path, monkeypatch):
    monkeypatch.setattr("coinmon.collect.history.archive._FOLD_TRADES", 97)
    monkeypatch.setattr("coinmon_exchanges._files.inflate._READ_BYTES", 1024)
    rows = trades()
    assert (
        bench.backfill(
            "BTCUSDT",
            "--exchange",
            "binance",
            "--file",
            plain.zipped(tmp_path, f"BTCUSDT-aggTrades-{DATE}", um_lines(rows)),
        ).code
        == 0
    )
    plain.agree(bench.bars(PERP), plain.bars(rows))


def test_rows_that_are_no_trades_and_a_hole(bench, plain, tmp_path):
    rows = trades(400)
    lines = um_lines(rows)
    at = rows[100][0]
    lines[100] = f"1000,0.0,0.0,1,1,{at},true"
    del lines[200]
    assert (
        bench.backfill(
            "BTCUSDT", "--exchange", "binance", "--file", plain.zipped(tmp_path, f"BTCUSDT-aggTrades-{DATE}", lines)
        ).code
        == 0
    )
    bars = bench.bars(PERP)
    kept = [row for number, row in enumerate(rows) if number not in (100, 200)]
    plain.agree(bars, plain.bars(kept))
    partial = bars.time[bars.coverage == Coverage.PARTIAL].tolist()
    low, high = rows[199][0] // 60_000 * 60_000, rows[201][0] // 60_000 * 60_000
    first, last = rows[0][0] // 60_000 * 60_000, rows[-1][0] // 60_000 * 60_000
    partial = [each for each in partial if first < each < last]
    assert partial == list(range(low, high + 1, 60_000)), "the minutes around the missing id, and the zero row is none"


def test_finer_prices_of_the_past_refine_the_grid(bench, plain, tmp_path):
    rows = trades(200, tick="0.01")
    assert (
        bench.backfill(
            "BTCUSDT",
            "--exchange",
            "binance",
            "--file",
            plain.zipped(tmp_path, f"BTCUSDT-aggTrades-{DATE}", um_lines(rows)),
        ).code
        == 0
    )
    bars = bench.bars(PERP)
    assert bars.tick_size == Decimal("0.01")
    plain.agree(bars, plain.bars(rows))


def _metrics(plain, folder):
    head = "create_time,symbol,sum_open_interest,sum_open_interest_value,a,b,c,d"
    rows = [f"2026-01-15 {m // 60:02d}:{m % 60:02d}:00,BTCUSDT,{1000 + m}.5,9.5,1,1,1,1" for m in range(1435, -1, -5)]
    return plain.zipped(folder, f"BTCUSDT-metrics-{DATE}", [head, *rows])


def test_metrics_become_open_interest_and_funding_rates_funding(bench, plain, tmp_path):
    funding = [
        "calc_time,funding_interval_hours,last_funding_rate",
        f"{DAY + 3},8,-0.00012",
        f"{DAY + 28_800_000},8,0.0001",
    ]
    files = [_metrics(plain, tmp_path), plain.zipped(tmp_path, "BTCUSDT-fundingRate-2026-01", funding)]
    done = bench.backfill("BTCUSDT", "--exchange", "binance", "--file", files[0], "--file", files[1])
    history = bench.history()
    instrument = next(each for each in history.instruments if each.id == PERP)
    interest = history.open_interest(instrument, 0, 2**53)
    rates = history.funding(instrument, 0, 2**53)
    assert done.code == 0
    assert [each.base for each in interest] == [1000.5 + m for m in range(0, 1440, 5)]
    assert [(each.time, each.rate, each.interval_ms) for each in rates] == [
        (DAY + 3, -0.00012, 28_800_000),
        (DAY + 28_800_000, 0.0001, 28_800_000),
    ]


def _truncated(plain, folder, rows):
    path = plain.zipped(folder, f"BTCUSDT-aggTrades-{DATE}", um_lines(rows))
    path.write_bytes(path.read_bytes()[:-200])
    return path


def _flipped(plain, folder, rows):
    """Damage in the data that the zip's directory does not show."""
    path = folder / f"BTCUSDT-aggTrades-{DATE}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(f"BTCUSDT-aggTrades-{DATE}.csv", "\n".join(um_lines(rows)) + "\n")
    data = bytearray(path.read_bytes())
    at = data.index(b",95")
    data[at + 3 : at + 4] = b"4" if data[at + 3 : at + 4] != b"4" else b"6"
    path.write_bytes(data)
    return path


def _cut_gzip(plain, folder, rows):
    path = folder / f"BTCUSDT-aggTrades-{DATE}.csv.gz"
    path.write_bytes(gzip.compress("\n".join(um_lines(rows)).encode())[:-300])
    return path


def _with(change):
    def make(plain, folder, rows):
        lines = um_lines(rows)
        change(lines)
        return plain.zipped(folder, f"BTCUSDT-aggTrades-{DATE}", lines)

    return make


def _shifted(lines):
    return [line.replace(",17684", ",17694") for line in lines]


def _mixed(lines):
    fields = lines[150].split(",")
    fields[5] += "000"
    lines[150] = ",".join(fields)


def _checksum(plain, folder, rows):
    path = plain.zipped(folder, f"BTCUSDT-aggTrades-{DATE}", um_lines(rows))
    path.with_name(f"{path.name}.CHECKSUM").write_text(f"{hashlib.sha256(b'other').hexdigest()}  {path.name}\n")
    return path


BAD = {
    "truncated": (_truncated, "truncated or damaged"),
    "damaged": (_flipped, "own checksum"),
    "half a gzip": (_cut_gzip, "truncated or damaged"),
    "checksum": (_checksum, "does not have the checksum"),
    "another symbol": (
        lambda plain, folder, rows: plain.zipped(folder, f"ETHUSDT-aggTrades-{DATE}", um_lines(rows)),
        "holds perp ETHUSDT; asked for was binance:BTC/USDT:USDT (BTCUSDT)",
    ),
    "another file inside": (
        lambda plain, folder, rows: plain.zipped(
            folder, f"BTCUSDT-aggTrades-{DATE}", um_lines(rows), f"ETHUSDT-aggTrades-{DATE}.csv"
        ),
        f"holds ETHUSDT-aggTrades-{DATE}.csv",
    ),
    "ids out of order": (_with(lambda lines: lines.sort(key=lambda line: line.split(",")[1])), "out of order"),
    "another day": (_with(lambda lines: lines.__setitem__(slice(None), _shifted(lines))), "is not a time between"),
    "columns of others": (_with(lambda lines: lines.__setitem__(slice(1, None), ["1,2"] * 299)), "not have 7 fields"),
    "nothing": (_with(list.clear), "holds no trades"),
    "a name of nobody": (lambda plain, folder, rows: plain.zipped(folder, "trades", um_lines(rows)), "not a name of"),
    "no such file": (lambda plain, folder, rows: folder / f"BTCUSDT-aggTrades-{DATE}.zip", "there is no such file"),
}


@pytest.mark.parametrize(("make", "why"), BAD.values(), ids=BAD)
def test_a_bad_file_is_one_line_and_leaves_nothing(bench, plain, tmp_path, make, why):
    path = make(plain, tmp_path, trades(300))
    done = bench.backfill("BTCUSDT", "--exchange", "binance", "--file", path)
    bars = bench.bars(PERP)
    assert done.code == 2
    assert why in done.err
    assert len(done.err.splitlines()) == 1
    assert bars is None or not len(bars)
    assert not list(tmp_path.glob(".backfill-*"))


ODD = {
    "mixed units": (_mixed, None),
    "an id twice": (lambda lines: lines.insert(50, lines[49].replace(",9", ",8", 1)), 49),
    "another day": (lambda lines: lines.__setitem__(150, lines[150].replace(",17684", ",17694")), 150),
    "half a line": (lambda lines: lines.__setitem__(150, "1050,95000"), 150),
    "a word for a price": (lambda lines: lines.__setitem__(150, lines[150].replace(",9", ",x", 1)), 150),
    "an exponent": (lambda lines: lines.__setitem__(150, _exponent(lines[150])), None),
    "blank lines": (lambda lines: lines.extend(["", "\r"]), None),
}
"""What is wrong, and the row beside which minutes are not known for it."""


def _exponent(line):
    fields = line.split(",")
    fields[2] = f"{float(fields[2]):e}"
    return ",".join(fields)


@pytest.mark.parametrize(("change", "lost"), ODD.values(), ids=ODD)
def test_an_odd_line_costs_itself(bench, plain, tmp_path, change, lost):
    rows = trades(300)
    path = _with(change)(plain, tmp_path, rows)
    done = bench.backfill("BTCUSDT", "--exchange", "binance", "--file", path)
    assert done.code == 0, done.err
    bars = bench.bars(PERP)
    minute = [at // 60_000 * 60_000 for at, *_ in rows]
    inside = (bars.time > minute[0]) & (bars.time < minute[-1])
    partial = set(bars.time[inside & (bars.coverage == Coverage.PARTIAL)].tolist())
    if lost is None:
        assert not partial
        plain.agree(bars, plain.bars(rows))
        return
    around = {minute[lost], minute[lost + 1]} if lost != 150 else {minute[150]}
    assert around <= partial <= set(range(minute[lost - 1], minute[lost + 1] + 1, 60_000))
    sound = [row for row in rows if row[0] // 60_000 * 60_000 not in partial]
    plain.agree(bars[~np.isin(bars.time, sorted(partial))], plain.bars(sound))


def test_klines_say_which_market_with_kind(bench, plain, tmp_path):
    rest = "95000.1,95001.0,94999.9,95000.5,10.000,0,950005.0,7,6.5,617500.0,0"
    lines = [f"{DAY + n * 60_000},{rest}" for n in range(1440)]
    path = plain.zipped(tmp_path, f"BTCUSDT-1m-{DATE}", lines)
    assert "--kind" in bench.backfill("BTCUSDT", "--exchange", "binance", "--file", path).err
    assert bench.backfill("BTCUSDT", "--exchange", "binance", "--kind", "perp", "--file", path).code == 0
    bars = bench.bars(PERP)
    assert set(bars.coverage.tolist()) == {Coverage.KLINES}
    assert np.all(bars.buy == 6.5)


@pytest.mark.parametrize(("kind", "name"), [("spot", SPOT), ("perp", PERP)])
def test_a_file_needs_no_venue(bench, plain, tmp_path, kind, name):
    bench.config.write_text(
        f"db: sqlite:///{tmp_path / 'coinmon.db'}\nexchanges:\n"
        "  binance: {spot_url: http://127.0.0.1:9, futures_url: http://127.0.0.1:9, timeout: 1}\n"
    )
    rows = trades(300)
    path = plain.zipped(tmp_path, f"BTCUSDT-aggTrades-{DATE}", (spot_lines if kind == "spot" else um_lines)(rows))
    done = bench.backfill("BTCUSDT", "--exchange", "binance", "--file", path)
    assert (done.code, done.err) == (0, "")
    plain.agree(bench.bars(name), plain.bars(rows))
    assert bench.backfill("ETHUSDT", "--exchange", "binance", "--file", path).code == 2


def test_a_file_that_reaches_both_ends_of_its_day_is_the_whole_day(bench, plain, tmp_path):
    rows = trades(300)
    rows = [(DAY + 5, *rows[0][1:]), *rows[1:], (DAY + 86_399_000, *rows[-1][1:])]
    path = plain.zipped(tmp_path, f"BTCUSDT-aggTrades-{DATE}", um_lines(rows))
    assert bench.backfill("BTCUSDT", "--exchange", "binance", "--file", path).code == 0
    assert set(bench.bars(PERP).coverage.tolist()) == {Coverage.TRADES}
