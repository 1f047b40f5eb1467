"""No command shows a secret: not in its output, its log, its JSON, nor in the database."""

import asyncio
import os
import sys

import pytest

from coinmon_emulator._clock import Clock
from coinmon_emulator._scenario import STARTS_AT, Scenario
from coinmon_emulator._server import running

MARK = "hunter2marked"
OUTPUTS = f"""
outputs:
  dingtalk: {{webhook: "URL/robots/dingtalk/robot/send?access_token={MARK}1", secret: "SEC{MARK}2"}}
  wecom: {{webhook: "URL/robots/wecom/cgi-bin/webhook/send?key={MARK}3"}}
  feishu: {{webhook: "URL/robots/feishu/open-apis/bot/v2/hook/{MARK}4", secret: "{MARK}5"}}
  webhook: {{webhook: "http://me:{MARK}6@127.0.0.1:1/hook/{MARK}7", secret: "{MARK}8"}}
  apprise: {{url: "json://me:{MARK}9@127.0.0.1:1/{MARK}10"}}
"""
SCAN = "scan --once --json -vv"
COMMANDS = [
    SCAN,
    "notify test -vv", "notify queue", "notify queue --json", "config show", "config show --json", "config check",
    "doctor --json", "plugins --json", "report BTCUSDT --offline --format json", "export BTCUSDT --exchange okx",
]  # fmt: skip


BETWEEN = "-- what the next command says --"
SEVERAL = f"""
import sys
from coinmon.cli import run
for command in sys.argv[1:]:
    try:
        run(command.split())
    except SystemExit:
        pass
    sys.stdout.flush()
    sys.stderr.flush()
    print({BETWEEN!r}, flush=True)
"""


async def output_of(commands, folder):
    """What each says, one after the other in one process: starting one takes longer than most commands."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SEVERAL, *commands, cwd=folder,
        env={name: value for name, value in os.environ.items() if "proxy" not in name.lower()},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    told, _ = await process.communicate()
    return dict(zip(commands, told.decode().split(BETWEEN)[:-1], strict=True))


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What each command says, with outputs that all refuse or cannot be reached."""
    from coinmon_emulator._robots import Robots

    folder = tmp_path_factory.mktemp("marked")

    async def main():
        async with running(Scenario("default", seed=1), clock=Clock(STARTS_AT, 0), robots=Robots(), port=0) as emulator:
            config = emulator.config_yaml("sqlite:///marked.db").partition("outputs:")[0]
            (folder / "config.yaml").write_text(config + OUTPUTS.replace("URL", emulator.url), "utf-8")
            return await output_of(COMMANDS, folder)

    return folder, asyncio.run(main())


def test_no_command_shows_one(told):
    _, texts = told
    assert not {command: text[text.index(MARK) - 200 :][:300] for command, text in texts.items() if MARK in text}


def test_every_robot_was_tried_and_its_complaint_names_output_and_cure(told):
    _, texts = told
    lines = texts["notify test -vv"].splitlines()
    trial = dict(line.split(": ", 1) for line in lines if " | " not in line and ": " in line)
    assert "check outputs.dingtalk.webhook" in trial["dingtalk"]
    assert "check outputs.wecom.webhook" in trial["wecom"]
    assert "check outputs.feishu.webhook" in trial["feishu"]
    assert "no answer" in trial["webhook"]
    assert "check outputs.apprise.url" in trial["apprise"]
    refused = [line for line in texts["notify queue"].splitlines() if line.startswith("dingtalk\trefused")]
    assert refused
    assert all("check outputs.dingtalk.webhook" in line for line in refused)


def test_the_scan_went_on_and_the_database_has_none(told):
    folder, texts = told
    assert '"event":"scan_finished"' in texts[SCAN]
    assert not [path.name for path in folder.glob("marked.db*") if MARK.encode() in path.read_bytes()]
