"""What is nobody's fault in the code is one line on standard error, whichever command it meets; never a traceback."""

import os
import subprocess
import sys

import pytest

from coinmon.config.load import load_config
from tests.forked import run_forked

COMMANDS = [
    ["--help"],
    ["config", "show"],
    ["config", "check"],
    ["plugins"],
    ["plugins", "--json"],
]
DATABASE = ["report BTC --offline", "scan --once", "export BTC", "backtest", "signals", "backfill BTC"]
DATABASE += ["audit", "scorecard", "notify queue", "serve --no-scan", "rules explain whale BTC"]


def told(command, cwd, **options):
    # what another does between fork and exec needs a true start
    run = subprocess.run if "preexec_fn" in options else run_forked
    done = run([sys.executable, "-m", "coinmon", *command], cwd=cwd, text=True, timeout=60, **options)
    return done.returncode, done.stderr or ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_full_output(command, tmp_path):
    with open("/dev/full", "w") as full:
        code, said = told(command, tmp_path, stdout=full, stderr=subprocess.PIPE)
    assert (code, said) == (1, "coinmon: cannot write the output: No space left on device\n")


@pytest.mark.parametrize("command", [*COMMANDS, ["exchanges"]], ids=" ".join)
def test_a_reader_who_has_seen_enough(command, tmp_path):
    """`coinmon exchanges | head` ended with 1, and in a script with `set -o pipefail` so did the script."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as nobody_reads:
        assert told(command, tmp_path, stdout=nobody_reads, stderr=subprocess.PIPE) == (0, "")


@pytest.mark.parametrize("command", COMMANDS[1:2], ids=" ".join)
def test_a_closed_output(command, tmp_path):
    _, said = told(command, tmp_path, stderr=subprocess.PIPE, preexec_fn=lambda: os.close(1))
    assert "Traceback" not in said


def test_a_scan_with_a_closed_output_scans(tmp_path):
    # soon after that market begins: there is little behind it to store
    scan = ["scan", "XRPUSDT", "--demo", "--once", "--at", "2026-01-13T11:00Z"]
    code, said = told(scan, tmp_path, stderr=subprocess.PIPE, preexec_fn=lambda: os.close(1))
    assert (code, "Traceback" in said) == (0, False), said


@pytest.mark.parametrize("command", DATABASE)
def test_a_driver_that_is_not_installed(command, refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert "psycopg" in refused(*command.split(), "--db", "postgresql://a@127.0.0.1:1/c")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("interval: 60s\nlang：zh\nsettle: 2s", "; line 2 has a full-width colon after lang: write lang: and a blank"),
        ('plugins: {dir: "C:\\Users"}', "; in double quotes a backslash begins an escape: use single quotes"),
    ],
)
def test_what_is_often_meant_by_broken_yaml(text, said, refused, tmp_path):
    (tmp_path / "config.yaml").write_text(text, "utf-8")
    assert said in refused("config", "check")


@pytest.mark.parametrize("written", ["BTCUSDT，ETHUSDT", ["BTCUSDT，ETHUSDT"], "BTCUSDT、ETHUSDT"])
def test_a_full_width_comma_is_a_comma(written, tmp_path):
    config = load_config(None, overrides={"symbols.names": written}, environ={}, cwd=tmp_path)
    assert config.symbols.names == ("BTCUSDT", "ETHUSDT")


def test_sessions_by_a_chinese_keyboard(tmp_path):
    config = load_config(None, overrides={"sessions": "A＝00：00－06：00，L=06:00-12:00"}, environ={}, cwd=tmp_path)
    assert config.sessions == {"A": (0, 360), "L": (360, 720)}


def test_what_we_create_is_ours_alone(coinmon, tmp_path):
    from coinmon.store.database import open_database
    from coinmon.store.lease import take

    coinmon("config", "init")
    database = open_database(f"sqlite:///{tmp_path}/data/x.db")
    take(database, "scan", "taken").free()
    database.close()
    files = [tmp_path / "config.yaml", *(tmp_path / "data").glob("x.db*")]
    assert {path.name: path.stat().st_mode & 0o777 for path in files} == dict.fromkeys(
        ["config.yaml", "x.db", "x.db.scan"], 0o600
    )


def test_doctor_warns_of_files_that_others_can_read(tmp_path, monkeypatch):
    from coinmon.run.doctor import private_files

    monkeypatch.chdir(tmp_path)
    config = tmp_path / "config.yaml"
    config.write_text("outputs: {dingtalk: {secret: SECabcdef0123456789}}\ndb: x.db\n")
    for name in (".env", "x.db"):
        (tmp_path / name).write_text("")
    for name in (".env", "x.db", "config.yaml"):
        (tmp_path / name).chmod(0o644)
    loaded = load_config(config, overrides={"outputs.dingtalk.enabled": False}, environ={}, cwd=tmp_path)
    assert sorted(each.cure.rpartition("/")[2].rpartition(" ")[2] for each in private_files(loaded)) == [
        ".env", "config.yaml", "x.db",
    ]  # fmt: skip
    for name in (".env", "x.db", "config.yaml"):
        (tmp_path / name).chmod(0o600)
    assert not list(private_files(loaded))


def test_a_plugin_is_tried_in_the_demo_with_one_command(coinmon, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "loud.py").write_text(
        "from coinmon.indicator import Result, SeenReport, hookimpl, moment\n\n\n"
        "class Loud(Result):\n    level: int\n\n\n"
        "def loud(view, *, level: int = 1) -> Loud:\n    seen = SeenReport.of(view.seen(view.bars(1)))\n"
        "    return Loud(as_of=moment(view.now), coverage=seen, convention='x', level=level)\n\n\n"
        "@hookimpl\ndef register_indicators(register):\n    register('loud', loud)\n"
    )
    (tmp_path / "try.yaml").write_text("plugins: {dir: mine}\nindicators: {loud: {level: 7}}\n")
    done = coinmon("report", "BTC", "--demo", "--format", "json", "--config", tmp_path / "try.yaml")
    assert done.code == 0, done
    assert '"level": 7' in done.out or '"level":7' in done.out


def test_a_configuration_without_a_part_for_the_demo_is_refused(refused, tmp_path):
    (tmp_path / "x.yaml").write_text("interval: 60s\n")
    assert "with --demo only plugins, indicators, signals, outputs, rules count" in refused(
        "scan", "--demo", "--once", "--config", tmp_path / "x.yaml"
    )
