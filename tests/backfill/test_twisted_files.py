"""Any permutation and truncation of a venue's file of trades is stored as it was, or declared: never called whole."""

import gzip
import io
import random
import zipfile
from decimal import Decimal

import pytest

from coinmon import Coverage
from coinmon_emulator.market.clock import parse_time
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.scenario.scenario import Scenario
from coinmon_emulator.venues.folders import module_of

NOW = "2026-01-18T20:00:00Z"
MINUTE, DAY, HOUR = 60_000, 86_400_000, 3_600_000
JANUARY_15 = 1_768_435_200_000
OKX_15 = JANUARY_15 + 16 * HOUR
"""OKX's file of the 16th begins here."""
FILES = {
    "binance:BTC/USDT:USDT": (
        "perp", "BTCUSDT", "data/futures/um/daily/aggTrades/BTCUSDT/BTCUSDT-aggTrades-2026-01-15.zip", JANUARY_15,
    ),
    "okx:BTC/USDT:USDT": (
        "perp", "BTC-USDT-SWAP", "cdn/okex/traderecords/trades/daily/20260116/BTC-USDT-SWAP-trades-2026-01-16.zip",
        OKX_15,
    ),
    "bybit:BTC/USDT": ("spot", "BTCUSDT", "spot/BTCUSDT/BTCUSDT_2026-01-15.csv.gz", JANUARY_15),
}  # fmt: skip


def shuffled(rng, lines):
    return rng.sample(lines, len(lines))


def neighbours_swapped(rng, lines):
    at = rng.randrange(1, len(lines))
    return [*lines[: at - 1], lines[at], lines[at - 1], *lines[at + 1 :]]


def begins_late(rng, lines):
    return lines[rng.randrange(1, len(lines)) :]


def ends_early(rng, lines):
    return lines[: rng.randrange(1, len(lines))]


def a_part_is_missing(rng, lines):
    first, last = sorted(rng.sample(range(1, len(lines)), 2))
    return lines[:first] + lines[last:]


def a_part_stands_elsewhere(rng, lines):
    first, last, to = sorted(rng.sample(range(len(lines)), 3))
    return lines[:first] + lines[last:to] + lines[first:last] + lines[to:]


def backwards(_, lines):
    return lines[::-1]


def halves_swapped(_, lines):
    return lines[len(lines) // 2 :] + lines[: len(lines) // 2]


def every_line_twice(_, lines):
    return [line for line in lines for _ in range(2)]


def a_part_stands_twice(rng, lines):
    first, last = sorted(rng.sample(range(len(lines)), 2))
    return lines[:last] + lines[first:]


def ends_inside_a_line(rng, lines):
    last = rng.randrange(1, len(lines))
    return [*lines[:last], lines[last][: rng.randrange(1, len(lines[last]) // 2)]]


def a_line_is_missing(rng, lines):
    at = rng.randrange(1, len(lines) - 1)
    return lines[:at] + lines[at + 1 :]


TWISTS = (
    shuffled, neighbours_swapped, a_part_stands_elsewhere, begins_late, ends_early, a_part_is_missing,
    backwards, halves_swapped, every_line_twice, a_part_stands_twice, ends_inside_a_line, a_line_is_missing,
)  # fmt: skip


@pytest.fixture(scope="module")
def market():
    return Scenario("quiet", 1)


def lines_of(raw, path):
    if path.endswith(".gz"):
        return gzip.decompress(raw).decode().splitlines()
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return archive.read(archive.namelist()[0]).decode().splitlines()


def packed(folder, name, lines):
    path, text = folder / name, "\n".join(lines) + "\n"
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode(), 1))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{path.stem}.csv", text)
    return path


def traded(market, venue, kind, native, start):
    """(time, price, quantity, side) of the file's day, as it really was."""
    one = next(each for each in market.instruments if (each.venue, each.kind, each.native) == (venue, kind, native))
    rows = market.rows(one, market.before(one, start), market.before(one, start + DAY))
    return [
        (time, Decimal(price).scaleb(-one.price_digits), Decimal(size).scaleb(-one.size_digits), side)
        for _, time, price, size, side in rows.rows()
    ]


@pytest.mark.parametrize("name", FILES)
def test_a_twisted_file_is_equal_or_declared(other_bench, plain, market, tmp_path, name):
    kind, native, path, start = FILES[name]
    venue = name.partition(":")[0]
    now = parse_time(NOW)
    header, *lines = lines_of(module_of(venue, "archive").file(WorldNow(market, now), path), path)
    # two hours are enough, and a file that ends there is cut short by itself
    lines = lines[: len(lines) // 12]
    rows = traded(market, venue, kind, native, start)
    rng = random.Random(name)
    for number, twist in enumerate(TWISTS):
        file = packed(tmp_path, path.rpartition("/")[2], [header, *twist(rng, lines)])
        with other_bench(NOW, market=market, db=f"sqlite:///{tmp_path}/{number}.db") as bench:
            words = ("BTCUSDT", "--exchange", venue, "--kind", kind, "--file", file)
            done = bench.backfill(*words)
            bars = bench.bars(name)
        if done.code:
            assert done.code == 2, (twist, done.err)
            assert bars is None or not len(bars), twist
            continue
        whole = bars[bars.coverage == Coverage.TRADES]
        called = set(whole.time.tolist())
        plain.agree(whole, plain.bars([row for row in rows if row[0] // MINUTE * MINUTE in called]))
        if twist in (every_line_twice, a_part_stands_twice) and venue == "bybit":
            continue  # its ids are no numbers: what stands twice is known by the venue's volume alone, and declared
        cut = len(twist(random.Random(1), lines)) < len(lines)
        most = len(plain.bars(rows)) // 12
        assert len(whole) < most if cut else len(whole) > most * 0.9, (twist, len(whole), most)
