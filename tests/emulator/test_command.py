"""`coinmon emulate` as a process: what it prints, what it writes, how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import orjson
import pytest
import yaml

from coinmon.cli import run

# The command by itself, so that these tests do not depend on the rest of the command line.
ALONE = (
    "import typer; from coinmon_emulator.emulate import register_commands\n"
    "app = typer.Typer()\napp.callback()(lambda: None)\nregister_commands(app)\napp()"
)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", ALONE, "emulate", *arguments]


@contextmanager
def emulating(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command(*arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            assert pipe is not None
            pipe.close()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_it_writes_the_config_once_it_listens_and_ends_on_a_signal(tmp_path: Path) -> None:
    config = tmp_path / "demo.yaml"
    with emulating("--port", "0", "--write-config", str(config)) as process:
        line = first_line(process)
        assert line.startswith("# coinmon emulator: http://127.0.0.1:")
        settings = yaml.safe_load(config.read_text())
        url = settings["exchanges"]["okx"]["url"]
        assert url.removesuffix("/okx") in line
        assert settings["exchanges"]["binance"] == {
            "spot_url": url.replace("okx", "binance"),
            "futures_url": url.replace("okx", "binance"),
            "spot_ws_url": url.replace("okx", "binance").replace("http", "ws"),
            "usdm_ws_url": url.replace("okx", "binance").replace("http", "ws"),
            "archive_url": url.replace("okx", "binance") + "/archive",
        }
        assert settings["symbols"] == ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT", "ADAUSDT"]
        assert settings["db"] == f"sqlite:///{tmp_path / 'demo.db'}"
        assert settings["clock"]["speed"] == 1.0
        assert settings["clock"]["at"].isoformat().startswith("2026-01-15T12:00:20")
        with urlopen(f"{url}/api/v5/public/time") as reply:
            now = int(orjson.loads(reply.read())["data"][0]["ts"])
        assert now >= settings["clock"]["at"].timestamp() * 1000
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert list(tmp_path.iterdir()) == [config]


def test_it_ends_when_its_parents_pipe_closes() -> None:
    with emulating("--port", "0", "--scenario", "quiet", "--until-stdin-closes") as process:
        first_line(process)
        assert process.poll() is None
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(5) == 0


def test_it_ends_on_an_interrupt_with_a_frozen_clock_at_a_given_time() -> None:
    with emulating("--port", "0", "--speed", "0", "--at", "2026-01-15T13:00:00Z", "--seed", "3") as process:
        url = first_line(process).split()[3]
        with urlopen(f"{url}/binance/api/v3/time") as reply:
            assert orjson.loads(reply.read()) == {"serverTime": 1768482000000}
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 130


def test_a_tape_is_served_from_its_end(real: Path) -> None:
    tapes = [str(real / "binance" / f"spot_btcusdt_2024080{day}.gz") for day in (8, 9)]
    with emulating("--port", "0", "--speed", "0", "--tape", tapes[0], "--tape", tapes[1]) as process:
        url = first_line(process).split()[3]
        with urlopen(f"{url}/emulator/clock") as reply:
            assert orjson.loads(reply.read())["now_ms"] == 1723161905800


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--tape", "no-such-tape.gz"], "there is no tape no-such-tape.gz"),
        (["--at", "yesterday"], "--at 'yesterday' is not a time"),
        (["--at", "2030-01-01"], "--at 2030-01-01: this made-up market is from 2025-12-08T10:00Z to 2026-01-29T12:00Z"),
        (["--scenario", "loud"], "no scenario 'loud'; there are default, quiet, wide"),
        (["--faults", "okx:what"], "no kind 'what'"),
        (["--write-config", "no/such/folder/x.yaml", "--port", "0"], "cannot write no/such/folder/x.yaml"),
    ],
)
def test_what_cannot_be_had_is_one_line_and_exit_2(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--lang", "en", "emulate", *arguments]) == 2
    said = capsys.readouterr()
    assert told in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_a_port_in_use_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run(["--lang", "en", "emulate", "--port", str(port)]) == 2
    said = capsys.readouterr().err
    assert f"port {port} is in use" in said
    assert said.count("\n") == 1


def test_the_public_module_imports_nothing_heavy() -> None:
    code = (
        "import sys, coinmon_emulator.emulate; print([n for n in ('aiohttp', 'numpy', 'orjson') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "[]"
