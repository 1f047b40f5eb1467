"""A bad file is one line and leaves nothing; an odd line costs itself."""

import gzip
import hashlib
import zipfile

import numpy as np
import pytest

from coinmon import Coverage

from .aggregates import DATE, trades, um_lines

PERP = "binance:BTC/USDT:USDT"


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
