"""`coinmon doctor`: each thing looked at, what to do about it, and exit 1 if something is wrong."""

import io
import json
import re
import socket
from types import SimpleNamespace
from urllib.request import Request, urlopen

import pytest
import yaml
from rich.console import Console

from coinmon.commands.doctor import on_terminal
from coinmon.run.doctor import Finding
from coinmon.spoken.phrases import speaker


def findings(done):
    document = json.loads(done.out)
    assert done.code == (0 if document["ok"] else 1)
    return {(each["subject"], each["check"]): each for each in document["findings"]}


@pytest.fixture
def examine(coinmon, emulator):
    return lambda *arguments: findings(coinmon("--config", emulator, "--db", "d.db", "doctor", "--json", *arguments))


@pytest.fixture
def faults(emulator):
    """Sets the emulator's faults; none are left behind."""
    url = yaml.safe_load(emulator.read_text())["exchanges"]["okx"]["url"].removesuffix("/okx")

    def put(spec):
        body = json.dumps({"spec": spec}).encode()
        with urlopen(Request(f"{url}/emulator/faults", body, {"Content-Type": "application/json"})) as reply:
            assert reply.status == 200

    yield put
    put("")


def test_all_is_well(examine):
    found = examine()
    assert {each["status"] for each in found.values()} == {"ok"}
    for venue in ("binance", "okx", "bybit", "coinbase"):
        checks = {check for subject, check in found if subject == venue}
        assert {"proxy", "reachable", "clock", "instruments", "taker side"} <= checks
        assert any(check.startswith("budget") for check in checks)
    assert {("config", "valid"), ("database", "opens"), ("disk", "space")} <= set(found)


def test_the_disk_is_told_with_what_the_store_will_come_to(coinmon, emulator, monkeypatch):
    """240 bytes a minute and market, and the levels that its minutes have, each kept for its own time."""
    settings = ("--config", emulator, "--db", "d.db")
    backfill = ("backfill", "binance:BTC/USDT", "--kind", "spot", "--source", "rest", "--from")
    assert coinmon(*settings, *backfill, "2026-01-15T11:00", "--to", "2026-01-15T11:30").code == 0

    def disk():
        return findings(coinmon(*settings, "doctor", "--json", "--exchange", "okx"))["disk", "space"]

    found = disk()
    assert found["status"] == "ok"
    assert "and will be about" in found["detail"]
    assert "with 1 markets (retention_days 15, levels_days 30" in found["detail"]
    megabytes = int(found["detail"].partition("will be about ")[2].partition(" MB")[0])
    assert 15 * 1440 * 240 / 1e6 - 1 < megabytes < 15 * 1440 * 2000 / 1e6
    # more than the smallest space that is enough for a start, and less than what will come
    monkeypatch.setattr("coinmon.run.doctor._MIN_FREE_BYTES", 1)
    monkeypatch.setattr("coinmon.run.doctor.shutil.disk_usage", lambda _: SimpleNamespace(free=1000))
    assert disk()["status"] == "warning"


def test_one_host_of_binance_that_refuses_is_named_and_the_other_examined(examine, faults):
    faults("binance:451/fapi")
    found = examine("--exchange", "binance")
    refused = found["binance", "perp"]
    assert (refused["status"], "451" in refused["detail"]) == ("error", True)
    assert "leave perp out of its kinds" in refused["cure"]
    assert {found["binance", check]["status"] for check in ("reachable", "instruments", "taker side")} == {"ok"}


@pytest.mark.parametrize(
    ("fault", "check", "status", "told", "cure"),
    [
        ("okx:451", "reachable", "error", "451", "set exchanges.okx.proxy to one in a country it serves"),
        ("okx:503", "reachable", "error", "503", "check the network and exchanges.okx.proxy"),
        ("okx:skew=60000", "clock", "warning", "60000 ms", "that of coinbase agrees with this machine's"),
    ],
)
def test_a_venues_trouble_is_named_with_what_to_do_and_is_its_own(examine, faults, fault, check, status, told, cure):
    faults(fault)
    found = examine("--exchange", "okx", "--exchange", "coinbase")
    assert found["okx", check]["status"] == status
    assert told in found["okx", check]["detail"]
    assert cure in found["okx", check]["cure"]
    assert {each["status"] for (subject, _), each in found.items() if subject == "coinbase"} == {"ok"}


def test_where_no_venues_clock_agrees_it_is_this_machines(examine, faults):
    faults("okx:skew=60000")
    assert "set this machine's clock" in examine("--exchange", "okx")["okx", "clock"]["cure"]


def test_nobody_listens(coinmon, changed):
    with socket.socket() as freed:
        freed.bind(("127.0.0.1", 0))
        port = freed.getsockname()[1]
    config = changed(exchanges={"okx": {"url": f"http://127.0.0.1:{port}", "timeout": 1}}, db="sqlite:///d.db")
    found = findings(coinmon("--config", config, "doctor", "--json", "--exchange", "okx"))
    assert found["okx", "reachable"]["status"] == "error"
    assert "check the network" in found["okx", "reachable"]["cure"]


def test_a_database_that_cannot_be_used_is_a_finding(coinmon, emulator, tmp_path):
    (tmp_path / "bad.db").write_bytes(b"nonsense" * 99)
    done = coinmon("--config", emulator, "--db", "bad.db", "doctor", "--json", "--exchange", "okx")
    assert done.code == 1
    assert "corrupt" in findings(done)["database", "opens"]["detail"]
    assert "--db" in findings(done)["database", "opens"]["cure"]


def test_a_broken_plugin_is_a_warning(coinmon, changed, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "bad.py").write_text("import no_such_thing", "utf-8")
    config = changed(plugins={"dir": "mine"}, db="sqlite:///d.db")
    done = coinmon("--config", config, "doctor", "--json", "--exchange", "okx")
    assert done.code == 0
    assert "no_such_thing" in findings(done)["plugins", "dir.bad"]["detail"]


def test_as_plain_lines_in_a_pipe(coinmon, emulator):
    done = coinmon("--config", emulator, "--db", "d.db", "doctor", "--exchange", "okx")
    assert done.code == 0
    assert all(line.count("\t") == 4 for line in done.out.splitlines())


def test_stored_whales_are_no_signals_of_the_noise(coinmon, emulator):
    """They are told in a replay too."""
    assert coinmon("--config", emulator, "--db", "d.db", "scan", "XRPUSDT", "--once").code == 0
    done = coinmon("--config", emulator, "--db", "d.db", "doctor", "--json")
    assert "pair days of your own history" in findings(done)["signals", "noise"]["detail"]


FOUND = [
    Finding("okx", "proxy", "warning", "1.2.3.4", "use another, or follow fewer symbols"),
    Finding("config", "valid", "ok", "config.yaml"), Finding("okx", "reachable", "error", "HTTP 451", "a proxy"),
    *(Finding("okx", f"budget {each}", "ok", "1 of 100 used") for each in ("a", "b", "c")),
    Finding("okx", "budget d", "warning", "99 of 100 used", "free some space, or lower retention_days"),
    Finding("okx", "bars", "unknown", "-"),
    Finding("bybit", "budget bybit", "ok", "1 of 10 used"),
]  # fmt: skip


def drawn(findings, lang, width=80):
    out = io.StringIO()
    Console(file=out, width=width).print(on_terminal(findings, speaker(lang)))
    return [line.strip() for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_on_a_terminal_what_is_wrong_stands_last_with_what_to_do_and_a_venues_budgets_are_one_line(lang):
    head, *lines, last = drawn(FOUND, lang)
    marks = [line.split()[0] for line in lines if line.split()[0] in ("ok", "?", "!", "x")]
    assert marks == ["ok", "ok", "ok", "?", "!", "!", "x"]
    assert [line.startswith("→") for line in lines if "→" in line] == [True] * 3
    assert lines[-1].startswith("→")
    budgets = [line for line in lines if "90 %" in line]
    assert [" 3" in line for line in budgets] == [True, False]
    assert any("99" in line and "100" in line for line in lines)
    if lang == "en":
        assert last == "1 wrong, 2 to look at, 1 unknown: they stand last, with what to do"
        assert "ok  okx     budgets    3, none used by more than 90 %" in lines
    else:
        assert last == "1 项有问题，2 项需留意，1 项未知：列在最后，并附处理办法"
        assert not re.search("used|budget|what|found", " ".join([head, *lines, last]))
    calm = drawn([each for each in FOUND if each.status == "ok"], lang)
    assert calm[-1] == ("all in order: 5 checks" if lang == "en" else "一切正常：共 5 项检查")
