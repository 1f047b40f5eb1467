"""A lake holds what the store holds, month by month, and goes on holding what the store deletes."""

import re
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import delete

import coinmon
from coinmon.cli import run
from coinmon.errors import ConfigError, NoDataError
from coinmon.lake import folder
from coinmon.model.moment import MINUTE
from coinmon.store import schema
from coinmon.store.bars import write_bars
from coinmon.store.database import open_database
from coinmon.store.instruments import keep_apart, sync_instruments
from coinmon.store.lock_file import LockFile

from .conftest import INSTRUMENTS, MINUTES, START, instrument, made

PAGES = [Path(__file__).parents[2] / "docs" / name for name in ("notebook.md", "notebook.zh.md")]

duckdb = pytest.importorskip("duckdb")
pyarrow = pytest.importorskip("pyarrow")
pytest.importorskip("pyarrow.parquet")
pytest.importorskip("pandas")
matplotlib = pytest.importorskip("matplotlib")


@pytest.fixture
def exported(filled, capsys):
    def export(*arguments):
        code = run(["--db", "coinmon.db", "--lang", "en", "export", "--lake", "lake", *arguments])
        told = capsys.readouterr()
        assert code == 0, told.err
        return told.out.strip()

    return export


def test_a_lake_and_the_database_say_the_same(filled, exported):
    # bars of five markets in two months; open interest of two months, one month each of funding, whales and signals
    assert exported().startswith("lake: 15 files written")
    names = {str(each.relative_to("lake")) for each in Path("lake").glob("**/*.parquet")}
    assert "bars/venue=okx/kind=perp/pair=BTC-USDT/month=2026-02/BTC-USDT-USDT.parquet" in names
    lake, store = coinmon.open("lake"), coinmon.open("coinmon.db")
    assert lake.symbols() == store.symbols()
    asked = [
        lambda m: m.bars("BTCUSDT"), lambda m: m.bars("BTCUSDT", levels=True),
        lambda m: m.bars("BTCUSDT", "2026-01-31T23:00", "2026-02-01T01:30", timeframe="1h", levels=True),
        lambda m: m.bars("PEPEUSDT", kind="perp", timeframe="5m"), lambda m: m.levels("okx:BTCUSDT"),
        lambda m: m.flows("BTCUSDT", venue="binance"), lambda m: m.open_interest("BTCUSDT"),
        lambda m: m.funding("BTCUSDT"), lambda m: m.whales("BTCUSDT"), lambda m: m.signals("BTCUSDT"),
        lambda m: m.indicator("net_flow", "BTCUSDT", window=60), lambda m: m.indicator("consensus", "BTCUSDT"),
        lambda m: m.indicator("volume_profile", "okx:BTCUSDT", at="2026-02-01T01:00"),
    ]  # fmt: skip
    for number, ask in enumerate(asked):
        assert len(ask(store)), number
        assert ask(lake) == ask(store), number


def test_files_of_a_market_whose_name_another_one_has_now_go_over_to_its_own_name(filled, exported):
    exported()
    database, one = open_database("sqlite:///coinmon.db"), INSTRUMENTS[0]
    with database.write() as connection:
        keep_apart(connection, one.id, START + 2 * MINUTES * MINUTE)
        ((number, new),) = sync_instruments(connection, [one], START + 2 * MINUTES * MINUTE).values()
        write_bars(connection, number, new, made(7)[:3])
    database.close()
    exported()
    lake, store = coinmon.open("lake"), coinmon.open("coinmon.db")
    assert lake.symbols() == store.symbols()
    (old,) = {each for each in store.symbols()["pair"].to_pylist() if "~" in each}
    for name, bars in ((f"{one.venue}:{one.base}{one.quote}", 3), (f"{one.venue}:{old}", MINUTES)):
        found = [each.bars(name, kind=one.kind) for each in (lake, store)]
        assert found[0] == found[1]
        assert len(found[0]) == bars


def test_postgresql_says_the_same(filled, postgres):
    database = open_database(postgres)
    with database.write() as connection:
        for seed, each in enumerate(INSTRUMENTS):
            ((number, stored),) = sync_instruments(connection, [each], START).values()
            write_bars(connection, number, stored, made(seed))
    database.close()
    there, here = coinmon.open(postgres), coinmon.open("coinmon.db")
    for ask in (lambda m: m.bars("BTCUSDT", levels=True), lambda m: m.indicator("consensus", "BTCUSDT")):
        assert len(ask(here))
        assert ask(there) == ask(here)


def test_polars_takes_a_table_as_it_is(filled):
    polars = pytest.importorskip("polars", reason="not installed: pip install polars")
    table = coinmon.open("coinmon.db").bars("okx:BTCUSDT")
    frame = polars.from_arrow(table)
    assert frame.columns == table.column_names
    assert frame["close"].to_list() == table["close"].to_pylist()
    assert frame["time"].dtype.is_temporal()


def test_coins_with_names_of_other_scripts_have_files_of_their_own(filled, exported):
    coins = [instrument("binance", "spot", base) for base in ("币安人生", "哈基米")]
    with filled.database.write() as connection:
        for seed, each in enumerate(coins, 20):
            ((number, stored),) = sync_instruments(connection, [each], START).values()
            write_bars(connection, number, stored, made(seed))
    exported()
    lake, store = coinmon.open("lake"), coinmon.open("coinmon.db")
    for each in coins:
        assert len(lake.bars(each.symbol)) == MINUTES
        assert lake.bars(each.symbol) == store.bars(each.symbol)


def test_what_is_read_is_what_was_written(filled, exported):
    exported()
    bars = coinmon.open("lake").bars("BTCUSDT", venue="binance", levels=True)
    assert len(bars) == MINUTES
    rows = made(0)
    seen = np.r_[0:100, 103:MINUTES]
    assert bars["coverage"].to_pylist()[100:103] == ["missing"] * 3
    assert [each.timestamp() * 1000 for each in bars["time"].to_pylist()] == [
        START + i * MINUTE for i in range(MINUTES)
    ]
    assert bars["close"].take(seen).to_pylist() == rows.price(rows.close).tolist()
    assert bars["taker_buy_volume"].take(seen).to_pylist() == rows.buy.tolist()
    assert bars["level_price"].to_pylist()[5] is None
    assert bars["level_buy"].to_pylist()[7] == rows.levels.buy[rows.levels.start[7] : rows.levels.start[8]].tolist()


def test_only_months_that_changed_are_written_again(filled, exported):
    exported()
    assert exported().startswith("lake: 0 files written (0.0 MB), 15 unchanged")
    filled.write("okx:BTC/USDT", 9, lambda rows: rows[-3:])
    assert exported("BTCUSDT").startswith("lake: 1 files written")
    found = coinmon.open("lake").bars("okx:BTCUSDT", kind="spot")
    assert found["volume"].to_pylist()[-3:] == made(9).volume[-3:].tolist()
    assert found == coinmon.open("coinmon.db").bars("okx:BTCUSDT", kind="spot")


def test_what_the_store_deletes_stays_in_the_lake(filled, exported):
    exported()
    before = coinmon.open("lake")
    bars, interest = before.bars("BTCUSDT", levels=True), before.open_interest("BTCUSDT")
    with filled.database.write() as connection:
        for table in (schema.bars, schema.open_interest):
            connection.execute(delete(table).where(table.c.time < START + 150 * MINUTE))
        # and its levels of the rest are dropped
        connection.execute(schema.bars.update().values(levels=None, coverage=2))
    assert "0 files" not in exported()
    after = coinmon.open("lake")
    assert after.bars("BTCUSDT", levels=True) == bars
    assert after.open_interest("BTCUSDT") == interest


def test_the_query_of_the_page_in_duckdb(filled, exported):
    exported()
    (query,) = re.findall(r"```sql\n(.*?)```", PAGES[0].read_text("utf-8"), re.DOTALL)
    found = {(venue, str(day)[:10]): net for venue, day, net in duckdb.sql("SET TimeZone = 'UTC'; " + query).fetchall()}
    assert len(found) == 6
    for (venue, day), net in found.items():
        following = "2026-02-01" if day == "2026-01-31" else None
        flows = coinmon.open("lake").flows("BTCUSDT", day, following, kind="spot", venue=venue)
        assert net == pytest.approx(sum(each for each in flows["net"].to_pylist() if each is not None))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_ten_lines_to_a_first_chart(page, filled):
    (lines,) = re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    assert len(lines.strip().splitlines()) <= 10
    Path("data").mkdir()
    filled.database.close()
    filled.path.rename("data/coinmon.db")
    matplotlib.use("agg")
    exec(compile(lines, page.name, "exec"), {})
    assert Path("first-chart.png").read_bytes().startswith(b"\x89PNG")


def test_what_is_not_there_is_said(filled, exported, tmp_path):
    with pytest.raises(ConfigError, match="no such file or folder"):
        coinmon.open("nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoDataError, match="no lake is there"):
        coinmon.open("empty")
    market = coinmon.open("coinmon.db")
    with pytest.raises(ConfigError, match="did you mean"):
        market.bars("BTCUSDX")
    with pytest.raises(NoDataError, match="stored are"):
        market.bars("BTCUSDT", "2020-01-01", "2020-01-02")
    with pytest.raises(ConfigError, match="timeframe"):
        market.bars("BTCUSDT", timeframe="7m")
    with pytest.raises(ConfigError, match="no indicator 'profile'"):
        market.indicator("profile", "BTCUSDT")


def test_one_process_writes_a_lake(filled, exported, capsys):
    """Two at once had one file to write both into, and each dropped what the other had brought."""
    Path("lake").mkdir()
    held = LockFile.taken("lake/.lake", "writer")
    try:
        assert run(["--db", "coinmon.db", "--lang", "en", "export", "--lake", "lake"]) == 2
        assert "another coinmon writes into this lake" in capsys.readouterr().err
    finally:
        held.free()
    assert "15 files written" in exported()


def test_options_that_do_not_go_with_a_lake(filled, capsys):
    assert run(["--db", "coinmon.db", "export", "--lake", "lake", "--from", "2026-01-01"]) == 2
    assert "--from does not go with --lake" in capsys.readouterr().err
    assert run(["--db", "coinmon.db", "export"]) == 2
    assert "name one SYMBOL" in capsys.readouterr().err


def test_any_stretch_of_a_file_of_several_groups_of_rows(tmp_path):
    time = START + MINUTE * np.arange(25_000)
    column = pyarrow.array(time, pyarrow.timestamp("ms", "UTC"))
    path = tmp_path / "rows.parquet"
    folder.write(path, pyarrow.table({"time": column, "number": np.arange(25_000)}), {})
    assert pyarrow.parquet.ParquetFile(path).metadata.num_row_groups == 3
    week = 7 * 1440
    for first, last in [(0, 1), (week - 1, week), (week, week + 1), (week - 5, 2 * week + 5), (24_999, 25_000),
                        (-9, 0), (25_000, 25_009), (-9, 25_009)]:  # fmt: skip
        found = folder.read_between(path, ["time", "number"], START + first * MINUTE, START + last * MINUTE)
        assert found["number"].to_pylist() == list(range(max(0, first), min(25_000, last))), (first, last)
