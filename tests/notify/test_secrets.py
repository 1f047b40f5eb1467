"""No command shows a secret: not in its output, its log, its JSON, nor in the database."""

import asyncio
import io
import os
import queue
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import pytest
import typer
from loguru import logger

from coinmon.cli import build, run
from coinmon_emulator.market.clock import EmulatedClock
from coinmon_emulator.scenario.scenario import STARTS_AT, Scenario
from coinmon_emulator.server.robots import Robots
from coinmon_emulator.server.server import running

MARK = "hunter2marked"
SETTINGS = f"""
symbols: [BTCUSDT]
whale_threshold: 30000
signals: {{whale: {{threshold: 30000}}}}
rules: {{mine: {{when: price > 1, tests: [{{pair: BTCUSDT, at: "2026-01-15T12:00Z"}}]}}}}
notify: {{whale_threshold: 30000}}
serve: {{token: "{MARK}0"}}
exchanges:
  bybit: false
  coinbase: {{url: "URL/coinbase", ws_url: "URL/coinbase"}}
  okx: {{url: "http://127.0.0.1:1", proxy: "http://me:{MARK}11@127.0.0.1:1"}}
  binance: {{spot_url: "URL/binance", futures_url: "URL/binance", archive_url: "URL/binance/archive"}}
outputs:
  dingtalk: {{webhook: "URL/robots/dingtalk/robot/send?access_token={MARK}1", secret: "SEC{MARK}2"}}
  wecom: {{webhook: "URL/robots/wecom/cgi-bin/webhook/send?key={MARK}3"}}
  feishu: {{webhook: "URL/robots/feishu/open-apis/bot/v2/hook/{MARK}4", secret: "{MARK}5"}}
  webhook: {{webhook: "http://me:{MARK}6@127.0.0.1:1/hook/{MARK}7", secret: "{MARK}8"}}
  apprise: {{url: "json://me:{MARK}9@127.0.0.1:1/{MARK}10"}}
"""
ELSEWHERE = f"postgresql://me:{MARK}12@127.0.0.1:1/coinmon"
SCAN, TEST, SERVE, EMULATE = "scan --once --json -vv", "notify test -vv", "serve --no-scan -vv --port PORT", "emulate"
COMMANDS = [
    SCAN, TEST, "notify queue -v", "notify queue --json", "config show", "config show --json", "config check -v",
    "config init again.yaml", "doctor -vv", "doctor --json", "plugins -v", "plugins --json", "plugins docs output",
    "plugins new output mine", "report BTCUSDT --offline --full -vv", "report BTCUSDT --offline --format json",
    "report BTCUSDT --offline --format html -o page.html", "export BTCUSDT --exchange binance -vv",
    "backfill BTCUSDT --exchange okx --exchange binance --source rest --from 2026-01-15T11:00:00Z -vv",
    "backtest BTCUSDT --from 2026-01-15T11:40:00Z --json -vv", "scorecard --json", "signals -vv",
    "audit net_flow --moments 2", "signals --explain BTCUSDT --json", "rules check --json", "rules fields --json",
    "rules test --json", "rules explain mine BTCUSDT --json", "record tape BTCUSDT --for 1s", "exchanges --json", SERVE,
    f"{EMULATE} --port 0 --robots --write-config written.yaml",
    f"report BTCUSDT --db {ELSEWHERE}", f"doctor --json --db {ELSEWHERE}", f"config show --db {ELSEWHERE}",
]  # fmt: skip
"""Every one that there is: of one that is new, a test complains."""


def ends(command, folder):
    """What goes on until it is told to stop is asked what it has to say, and told."""
    words = command.split()
    if words[0] == "serve":
        for page in ("healthz", "metrics", ""):
            request = urllib.request.Request(f"http://127.0.0.1:{words[-1]}/{page}")
            request.add_header("Authorization", f"Bearer {MARK}0")
            sys.stdout.write(answer_to(request))
    else:
        while not (folder / "written.yaml").exists():
            time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGINT)


def answer_to(request):
    while True:
        try:
            return urllib.request.urlopen(request, timeout=10).read().decode()
        except ConnectionError:
            time.sleep(0.05)
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionError):
                raise
            time.sleep(0.05)


def said_by(command, folder):
    """Output and log of a command, and how it ended; in this process, for starting one takes longer than most."""
    if command.startswith(("serve", "emulate")):
        threading.Thread(target=ends, args=(command, folder), daemon=True).start()
    written = io.BytesIO()
    said = io.TextIOWrapper(written, "utf-8", write_through=True)
    with redirect_stdout(said), redirect_stderr(said):
        code = run(command.split())
        # it writes to what was the error stream of the command
        logger.remove()
    return f"{written.getvalue().decode()}\nexit {code}"


@contextmanager
def emulated():
    """An emulator with robots, in a thread: commands take the main one."""
    started, stop = queue.SimpleQueue(), asyncio.Event()

    async def serve():
        clock = EmulatedClock(STARTS_AT, 0)
        async with running(Scenario("default", seed=1), clock=clock, robots=Robots(), port=0) as emulator:
            started.put((emulator, asyncio.get_running_loop()))
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    emulator, loop = started.get(timeout=30)
    try:
        yield emulator
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What each command says, with outputs that all refuse or cannot be reached."""
    folder = tmp_path_factory.mktemp("marked")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    with emulated() as emulator, pytest.MonkeyPatch.context() as patch:
        clock = emulator.config_yaml("sqlite:///marked.db").partition("symbols:")[0]
        (folder / "config.yaml").write_text(clock + SETTINGS.replace("URL", emulator.url), "utf-8")
        patch.chdir(folder)
        for name in [name for name in os.environ if "proxy" in name.lower()]:
            patch.delenv(name)
        return folder, {command: said_by(command.replace("PORT", port), folder) for command in COMMANDS}


def test_every_command_is_asked():
    def names(command, path=()):
        several = getattr(command, "commands", {})
        if not several or getattr(command, "invoke_without_command", False):
            yield " ".join(path)
        for name, each in several.items():
            yield from names(each, (*path, name))

    there = set(names(typer.main.get_command(build())))
    asked = {
        next(name for name in sorted(there, key=len)[::-1] if f"{each} ".startswith(f"{name} ")) for each in COMMANDS
    }
    assert there == asked


def test_no_command_shows_one(told):
    folder, texts = told
    shown = {command: text[max(text.index(MARK) - 200, 0) :][:300] for command, text in texts.items() if MARK in text}
    assert not shown
    files = [path for path in folder.iterdir() if path.is_file() and path.name != "config.yaml"]
    assert {"marked.db", "again.yaml", "page.html", "written.yaml"} <= {path.name for path in files}
    assert not [path.name for path in files if MARK.encode() in path.read_bytes()]


@pytest.mark.parametrize("command", [each for each in COMMANDS if each != TEST and ELSEWHERE not in each])
def test_each_did_what_it_is_for(command, told):
    """A command that fails at once would show nothing either."""
    text = told[1][command]
    assert "Traceback" not in text
    codes = {"doctor": "1", "serve": "130", "emulate": "130"}
    assert text.splitlines()[-1].removeprefix("exit ") in (codes.get(command.split()[0], "0"), "0"), text


def test_every_robot_was_tried_and_its_complaint_names_output_and_cure(told):
    _, texts = told
    lines = texts[TEST].splitlines()
    trial = dict(line.split(": ", 1) for line in lines if " | " not in line and ": " in line)
    assert "check outputs.dingtalk.webhook" in trial["dingtalk"]
    assert "check outputs.wecom.webhook" in trial["wecom"]
    assert "check outputs.feishu.webhook" in trial["feishu"]
    assert "no answer" in trial["webhook"]
    assert "check outputs.apprise.url" in trial["apprise"]
    refused = [line for line in texts["notify queue -v"].splitlines() if line.startswith("dingtalk\trefused")]
    assert refused
    assert all("check outputs.dingtalk.webhook" in line for line in refused)


def test_the_scan_went_on(told):
    assert '"event":"scan_finished"' in told[1][SCAN]
    assert "127.0.0.1:1" in told[1][f"doctor --json --db {ELSEWHERE}"] + told[1][f"config show --db {ELSEWHERE}"]
