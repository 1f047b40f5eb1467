"""Bad input of every kind: one line that says what and where, the documented exit code, never a traceback."""

import shutil
import signal
import socket
import sqlite3
import time

import pytest

from coinmon.store.database import open_database


@pytest.mark.parametrize(
    ("symbol", "told"),
    [
        ("BTCUSTD", "BTCUSTD: no such pair on binance, bybit, coinbase, okx; did you mean BTC"),
        ("kraken:BTCUSDT", "kraken:BTCUSDT: no venue 'kraken' here; there is binance, bybit, coinbase, okx"),
    ],
)
@pytest.mark.parametrize("command", [["scan", "--once"], ["report"]], ids=" ".join)
def test_an_unknown_symbol(refused, emulator, command, symbol, told):
    assert told in refused("--config", emulator, "--db", "new.db", *command, symbol)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["scan", "--exchange", "binanc"], "there is no exchange binanc (did you mean binance?)"),
        (["scan", "--all", "kraken"], "kraken"),
        (["doctor", "--exchange", "nowhere"], "there is no exchange nowhere"),
        (["scan", "--interval", "soon"], "'soon' is not a duration"),
        (["report", "BTC", "--at", "noon"], "--at: 'noon' is not a time; write 2024-08-09"),
        (["report", "BTC", "--date", "2024-13-01"], "--date: '2024-13-01' is not a time"),
        (["report", "BTC", "--at", "2099-01-01"], "--at: 2099-01-01T00:00:00Z has not come yet"),
        (["report", "BTC", "--date", "2099-01-01"], "--date: 2099-01-01 has not come yet; it is"),
        (["report", "（BTC）"], "'（BTC）' is not a symbol; did you mean BTC? write BTCUSDT"),
        (["report", "okx：BTCUSDT", "--demo"], "did you mean okx:BTCUSDT?"),
        (["report", " "], "a symbol is missing; write BTCUSDT"),
        (["scan", ""], "a symbol is missing; write BTCUSDT"),
        (["export", "【BTC/USDT】"], "did you mean BTC/USDT?"),
        (["backfill", "BTC）", "--from", "2026-01-01"], "did you mean BTC?"),
        (["record", "folder", "“BTC”"], "did you mean BTC?"),
        (["export", "BTC", "--from", "noon"], "--from/--to: 'noon' is not a time"),
        (["plugins", "new", "foo", "bar"], "Invalid value for 'kind': 'foo' is not one of 'exchange'"),
        (["--config", "none.yaml", "scan"], "none.yaml"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_unknown_exchange_or_time_or_file(refused, arguments, told):
    assert told in refused(*arguments)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("intervall: 5s", "bad.yaml: intervall is not a key (did you mean interval?)"),
        ("signals: {whal: false}", "bad.yaml: signals.whal: there is no signal whal (did you mean whale?)"),
        ("interval: [", "bad.yaml"),
        ("\0", "bad.yaml"),
    ],
)
def test_an_unknown_key_or_plugin_in_the_configuration(refused, tmp_path, text, told):
    (tmp_path / "bad.yaml").write_text(text, "utf-8")
    assert told in refused("--config", "bad.yaml", "scan", "--once")


def newer(path):
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()


DATABASES = {
    "corrupt": (lambda path: path.write_bytes(b"nonsense" * 999), "it is not a coinmon database, or it is corrupt"),
    "newer": (newer, "was made by a newer coinmon (schema 9999"),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), "it cannot be opened"),
}


@pytest.mark.parametrize("kind", DATABASES)
@pytest.mark.parametrize("command", [["scan", "--once"], ["report", "BTC"], ["export", "BTC"]], ids=lambda it: it[0])
def test_a_database_that_cannot_be_used(refused, emulator, scanned, tmp_path, kind, command):
    spoil, told = DATABASES[kind]
    shutil.copy(scanned, tmp_path / "bad.db")
    spoil(tmp_path / "bad.db")
    assert told in refused("--config", emulator, "--db", "bad.db", *command)


def test_a_database_that_is_not_there(refused):
    assert "nowhere.db does not exist; run coinmon scan first" in refused("--db", "nowhere.db", "export", "BTC")
    assert "does not exist" in refused("--db", "nowhere.db", "report", "BTC", "--offline")


def test_a_port_in_use(refused):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"port {port} is in use" in refused("emulate", "--scenario", "quiet", "--port", port)


@pytest.fixture
def unplugged(changed):
    """A configuration in which nobody answers: a port where nothing listens."""
    with socket.socket() as freed:
        freed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{freed.getsockname()[1]}"
    venues = {name: {"url": url, "timeout": 1} for name in ("okx", "bybit", "coinbase")}
    binance = {"spot_url": url, "futures_url": url, "timeout": 1}
    return changed(exchanges={**venues, "binance": binance}, db="sqlite:///new.db")


@pytest.mark.parametrize("command", [["scan", "--once", "BTCUSDT"], ["report", "BTCUSDT"]], ids=lambda it: it[0])
def test_no_network_is_exit_3_with_each_venue_and_why(coinmon, unplugged, command):
    done = coinmon("--config", unplugged, *command)
    assert (done.code, done.out) == (3, "")
    assert "`coinmon doctor` looks further" in done.err[0]
    venues = ["binance", "bybit", "coinbase", "okx"]
    assert [line.removeprefix("coinmon: ").split(" /")[0] for line in done.err[1:]] == venues


def test_of_an_empty_store_nothing_can_be_told(refused, tmp_path):
    open_database(f"sqlite:///{tmp_path}/empty.db").close()
    for arguments in (["report", "BTC", "--offline"], ["backtest"], ["export", "BTC"]):
        assert "stored" in refused("--db", "empty.db", *arguments, code=3)
    for arguments in (["backtest", "BTC"], ["signals", "BTC"], ["audit", "--pair", "BTC"]):
        assert "no bars are stored" in refused("--db", "empty.db", *arguments, code=3)
    for command in (["report"], ["backtest"], ["signals"], ["audit", "--pair"], ["export"], ["export", "--lake", "x"]):
        told = refused("--db", "empty.db", *command, "kraken:BTC")
        assert "kraken:BTC: no venue 'kraken' here; there is binance" in told
        assert told.endswith("switch others on under `exchanges`")
    told = refused("--db", "empty.db", "scorecard", "whal")
    assert told.startswith("coinmon: whal: no such signal is on or was told; there is ")
    assert "whale" in told
    wrong = {
        "'7x' is not a duration": ["export", "BTC", "--timeframe", "7x"],
        "did you mean binance?": ["export", "BTC", "--exchange", "binanc"],
        "csv has no place for lists": ["export", "BTC", "--levels"],
        "--to is not after --from": ["export", "BTC", "--from", "2026-01-02", "--to", "2026-01-01"],
        "did you mean BTC?": ["backtest", "BTC；"],
        "(BTC)": ["signals", "(BTC)"],
        "is not a symbol": ["audit", "--pair", "(BTC)"],
    }
    for told, arguments in wrong.items():
        assert told in refused("--db", "empty.db", *arguments)


def test_a_scan_that_is_interrupted_stops_cleanly_with_130(process, emulator, tmp_path):
    scan = process(
        "--config", emulator, "--db", "new.db", "scan", "BTCUSDT", "--exchange", "okx", "--json", cwd=tmp_path
    )
    for line in scan.stdout:
        if '"scan_finished"' in line:
            break
    scan.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, complaints = scan.communicate(timeout=20)
    assert scan.returncode == 130
    assert "Traceback" not in complaints
    assert time.monotonic() - began < 10
