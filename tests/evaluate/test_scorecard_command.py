"""`coinmon scorecard` as its users call it: in both languages, as JSON, as a page, and of a replay."""

import json
import re
import sys
from decimal import Decimal

import numpy as np
import pytest
from click.testing import CliRunner
from rich.cells import cell_len
from typer.main import get_command

from coinmon.cli import build
from coinmon.commands.scorecard import _REASONS, _row, _show
from coinmon.config.load import load_config
from coinmon.evaluate.gathering import Unjudged
from coinmon.model.bars import Bars, Coverage
from coinmon.model.instrument import Instrument
from coinmon.model.moment import DAY, HOUR, MINUTE, iso
from coinmon.store.bars import write_bars
from coinmon.store.database import open_database
from coinmon.store.instruments import sync_instruments
from coinmon.store.outbox import write_signals
from coinmon.store.scorecards import count_scorecards

NOW = 1_768_435_200_000
DAYS = 45
EVERY_H = 6
PLUGIN = '''"""Says something when a minute of the UTC day, its first one by default, has closed."""

from typing import Any

import numpy as np

from coinmon.signal import MINUTE, Codes, Frame, Market, Signal, Text, hookimpl


def dawn(market: Market, *, minute: int = 0) -> list[Signal]:
    """Dawn."""
    if not 0 <= market.now % 86_400_000 - minute * MINUTE < 120_000:
        return []
    return [Signal(name="dawn", pair=str(market.pair), grade="B", direction="bullish", title=Text("dawn", "dawn"),
                   reading=Text("dawn", "dawn"), evidence={}, key=f"dawn:{market.pair}")]


def columns(frame: Frame, *, minute: int) -> Codes:
    """The same of many moments: the replay asks nobody in between."""
    since = (frame.start + MINUTE * np.arange(frame.count)) % 86_400_000 - minute * MINUTE
    return ((since >= 0) & (since < 120_000)).astype(np.int8)


@hookimpl
def register_signals(register: Any) -> None:
    register("dawn", dawn, columns=columns, horizon="1h")
'''


@pytest.fixture(scope="module")
def worth(tmp_path_factory):
    """45 days of two venues; an alert every six hours of the last 20, after which price rises by 0.6 % in the hour."""
    folder = tmp_path_factory.mktemp("worth")
    (folder / "plugins").mkdir()
    (folder / "plugins" / "dawn.py").write_text(PLUGIN)
    database = open_database(f"sqlite:///{folder / 'worth.db'}")
    random, n = np.random.default_rng(3), DAYS * 1440
    start = NOW - DAYS * DAY
    told = np.arange(NOW - 20 * DAY + HOUR, NOW - 2 * HOUR, EVERY_H * HOUR)
    moves = random.standard_normal(n) * 0.03
    for at in (told - start) // MINUTE:
        moves[at + 1 : at + 61] += 0.01
    close = np.rint(100_00 * np.exp(np.cumsum(moves) / 100)).astype(np.int64)
    with database.write() as connection:
        for venue in ("binance", "okx"):
            made = Instrument(venue, "spot", "BTC", "USDT", "BTC", "BTC/USDT", Decimal("0.01"), Decimal("0.001"))
            ((number, stored),) = sync_instruments(connection, [made], start).values()
            volume = np.ones(n)
            columns = [close, close, close, close, volume, volume * 100, np.ones(n, np.int64), volume / 2, volume * 50]
            rows = Bars(
                Decimal("0.01"), start + np.arange(n) * MINUTE, *columns, np.zeros(n), volume,
                np.full(n, Coverage.TRADES, np.uint8),
            )  # fmt: skip
            write_bars(connection, number, stored, rows)
        events = [
            {"event": "signal", "id": f"s{i}", "time": iso(int(at)), "pair": "BTC/USDT", "signal": "surge",
             "grade": "A", "direction": "bullish"}
            for i, at in enumerate(told)
        ]  # fmt: skip
        write_signals(
            connection,
            [
                {"id": each["id"], "key": each["id"], "pair": each["pair"], "name": "surge", "grade": "A",
                 "time": int(at), "event": each}
                for each, at in zip(events, told, strict=True)
            ],
            {},
        )  # fmt: skip
    database.close()
    names = load_config(None, environ={}, cwd=folder).signals
    config = folder / "config.yaml"
    config.write_text(
        f"db: {folder / 'worth.db'}\nclock: {{at: '{iso(NOW)}', wall: '{iso(NOW)}', speed: 0}}\n"
        f"exchanges: [binance, okx]\nplugins: {{dir: plugins}}\n"
        f"signals: {json.dumps(dict.fromkeys(names, False))}\n"
    )
    return config


def run(worth, *arguments, code=0):
    said = CliRunner().invoke(get_command(build()), ["--config", str(worth), *arguments])
    assert said.exit_code == code, said.output
    return said.stdout


def test_both_languages_say_the_same_and_the_words_of_their_own(worth):
    english = run(worth, "--lang", "en", "scorecard")
    chinese = run(worth, "--lang", "zh", "scorecard")
    (told,) = [line for line in english.splitlines() if line.startswith("surge")]
    (same,) = [line for line in chinese.splitlines() if line.startswith("surge")]
    assert "bullish" in told
    assert "看涨" in same
    assert "bullish" not in same
    assert " to " not in same
    assert told.split()[2:4] == same.split()[2:4] == ["80", "80"]
    assert not [line for line in english.splitlines() if any("\u4e00" <= each <= "\u9fff" for each in line)]


def test_json_is_the_stored_row_and_a_second_look_stores_nothing(worth):
    found = json.loads(run(worth, "scorecard", "--json"))
    again = json.loads(run(worth, "scorecard", "surge", "--json"))
    assert found == again
    assert found["source"] == "stored"
    (row,) = found["signals"]
    assert row["excess_pct"][0] == pytest.approx(0.6, abs=0.2)
    assert row["mae_pct"] < 0.1 < 0.5 < row["mfe_pct"]
    assert [each["minutes"] for each in row["decay"]] == [5, 15, 60, 240, 1440]
    assert row["decay"][2]["excess_pct"] == row["excess_pct"]
    assert row["judged"] + sum(row["unjudged"].values()) == row["told"]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("columns", [80, 120])
def test_no_figure_is_cut_on_a_terminal(worth, monkeypatch, capsys, columns, lang):
    document = json.loads(run(worth, "scorecard", "--json"))
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    _show(document, lang)
    shown = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
    (row,) = document["signals"]
    cells = _row(row, lang)
    assert all(cell in shown for cell in cells)
    assert "…" not in shown
    assert max(map(cell_len, shown.splitlines())) <= columns


def test_before_a_months_end_it_says_that_there_are_no_verdicts_and_not_of_when(worth, capsys):
    document = json.loads(run(worth, "scorecard", "--json")) | {"verdicts_of": None}
    _show(document, "en")
    assert "no verdicts yet: they are given at month ends only" in capsys.readouterr().out
    _show(document | {"verdicts_of": "2026-01-01T00:00:00Z"}, "en")
    assert "verdicts as of 2026-01-01T00:00:00Z;" in capsys.readouterr().out


def test_why_some_could_not_be_judged_is_said_in_both_languages(worth):
    """Of a replay of the last 40 days those of the first ones have no base."""
    arguments = ("scorecard", "--replayed", "--days", "40")
    (row,) = json.loads(run(worth, *arguments, "--json"))["signals"]
    missing = row["unjudged"]["no_base"]
    assert missing > 5
    assert sum(row["unjudged"].values()) == row["told"] - row["judged"]
    english, chinese = (run(worth, "--lang", lang, *arguments) for lang in ("en", "zh"))
    assert f"dawn bullish: not judged: {missing} without a base (20 days of bars before it)" in english
    assert f"dawn 看涨: 未能评判：{missing} 次没有基准（此前不足 20 天 K 线）" in chinese


@pytest.mark.parametrize(
    ("lang", "told", "never"),
    [("zh", r"60 +dawn +看涨 +4\d +2\d +[+-]\d\.\d\d % +\S+", "从未触发"),
     ("en", r"60 +dawn +bullish +4\d +2\d +[+-]\d\.\d\d % +\S+", "never told")],
)  # fmt: skip
def test_values_are_tried_in_the_readers_words(worth, lang, told, never):
    shown = run(worth, "--lang", lang, "backtest", "--signal", "dawn", "--try", "dawn.minute=60,5000")
    assert re.search(told, shown), shown
    assert re.search(rf"5000 +- +- +0 +0 +- +{never}", shown), shown
    assert not re.search("bullish|proven|too few" if lang == "zh" else "[\u4e00-\u9fff]", shown), shown


def test_every_reason_has_words():
    assert set(_REASONS) == set(Unjudged)


def test_a_replay_is_kept_apart_from_what_was_told(worth):
    count = stored_rows(worth)
    found = json.loads(run(worth, "scorecard", "--replayed", "--days", "3", "--json"))
    assert (found["source"], found["scorecard"]) == ("replayed", None)
    assert [(each["signal"], each["told"], each["verdict"]) for each in found["signals"]] == [("dawn", 3, "too few")]
    assert stored_rows(worth) == count
    assert "none of them was told" in run(worth, "--lang", "en", "scorecard", "--replayed", "--days", "3")


def stored_rows(worth):
    database = open_database(f"sqlite:///{worth.with_name('worth.db')}")
    try:
        with database.read() as connection:
            return count_scorecards(connection)
    finally:
        database.close()


def test_the_page_is_written_and_says_the_verdict_in_the_language(worth, tmp_path):
    page = tmp_path / "worth.html"
    assert run(worth, "--lang", "zh", "scorecard", "--html", str(page)).strip() == str(page)
    text = page.read_text("utf-8")
    assert 'lang="zh"' in text
    assert "surge" in text
    assert text.count("<svg") == 4
    assert "看涨" in text
    assert "bullish" not in text
    # a phone shows it at its own width; the horizon that is judged is marked; zero is named on each scale
    assert 'name="viewport"' in text
    assert re.findall(r'class="here">([^<]*)<', text) == ["1 小时"]
    assert text.count(">0</text>") == 3
    days = [int(each) for each in re.findall(r"<title>\d{4}-\d\d-\d\d: (\d+)</title>", text)]
    (judged,) = re.findall(r"90 天内仅在 \S+ 上 (\d+) 次", text)
    # nothing is known yet of what follows the last ones
    assert int(judged) - 4 <= sum(days) <= int(judged)
