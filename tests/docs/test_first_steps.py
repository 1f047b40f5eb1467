"""A newcomer's first commands, typed as the pages show them, in empty folders and against the built-in emulator."""

import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Timer

import pytest

DOCS = Path(__file__).parents[2] / "docs"
STARTED = (DOCS / "getting-started.md").read_text("utf-8")
FIRST_RULE, _, _ = (DOCS / "rules.md").read_text("utf-8").partition("\n## What a rule says")
BINARIES = Path(sys.executable).parent
TIMEOUT_S = 60.0

Done = tuple[int, str]
"""An exit code and what was printed."""

SCAN, CHECK, BACKTEST = "coinmon scan", "coinmon rules check", "coinmon backtest --signal spot_leads --from 2026-01-01"
DEMOS = [
    "coinmon scan --demo --once",
    "coinmon report BTCUSDT --demo",
    "coinmon rules explain spot_leads BTCUSDT --demo",  # in English, as the page shows what it prints
]
NOT_RUN = {
    "python3 -m venv .venv && . .venv/bin/activate && pip install .": "asks a package index; .ci/run does it",
    "coinmon scan --demo": "is the line above without an end; `coinmon scan` is run until Ctrl-C",
    "coinmon doctor": "is about the internet; tests/cli/test_doctor.py asks the emulator",
}
"""The command lines that are not run here, and why."""

TOLD = {
    SCAN: (130, r"BTC/USDT.*BIN:\+825k"),
    CHECK: (0, r"^spot_leads  \[B\+\]  net_flow\(spot\)\.zscore, price\(spot\), vwap\(spot\)\.vwap$"),
    BACKTEST: (0, r"^BTC/USDT  2026-01-15T11:[\s\S]*^spot_leads: "),
    DEMOS[0]: (0, r"BTC/USDT.*BIN:\+825k[\s\S]*\[BTC/USDT\].*\[A\+\].*Global Sync Bullish"),
    DEMOS[1]: (0, r"^BTC/USDT .*2026-01-15T12:00[\s\S]*^binance:BTC/USDT .*\+825k"),
    DEMOS[2]: (0, r"^spot_leads  BTC/USDT  2026-01-15T12:00"),
}
"""The exit code of each command line that is run, and what it prints."""


def fenced(text: str, *languages: str) -> list[str]:
    """The blocks in these languages, of which "" is none."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [block for language, block in found if language in languages]


def typed(text: str) -> list[str]:
    """The command lines of a page, without what is said of them; a block without a language may be output."""
    blocks = fenced(text, "sh") + [block for block in fenced(text, "") if block.startswith("coinmon ")]
    return [re.sub(r"\s+#.*", "", line) for block in blocks for line in block.splitlines()]


LINES = list(dict.fromkeys(typed(STARTED) + typed(FIRST_RULE)))


def begin(line: str, cwd: Path) -> subprocess.Popen[str]:
    """Types a line into a shell without this machine's settings, which becomes the command: Ctrl-C reaches it."""
    kept = {name: os.environ[name] for name in ("HOME", "TMPDIR") if name in os.environ}
    path = os.pathsep.join([str(BINARIES), os.environ["PATH"]])
    environ = kept | {"PATH": path, "PYTHONUTF8": "1"}
    return subprocess.Popen(
        ["sh", "-c", f"exec {line}"], cwd=cwd, env=environ, text=True, encoding="utf-8",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def run(line: str, cwd: Path, ctrl_c_after: str | None = None) -> Done:
    """What a line prints, and its exit code; Ctrl-C is pressed when this is printed."""
    with begin(line, cwd) as process:
        # a command that hangs ends here, and its test says what it had printed
        watch = Timer(TIMEOUT_S, process.kill)
        watch.start()
        try:
            assert process.stdout is not None
            printed = []
            for each in process.stdout:
                printed.append(each)
                if ctrl_c_after and ctrl_c_after in each:
                    process.send_signal(signal.SIGINT)
                    ctrl_c_after = None
            process.wait()
        finally:
            watch.cancel()
            process.kill()
    return process.returncode, "".join(printed)


def live(folder: Path) -> dict[str, Done]:
    """The lines that need a store: `config.yaml` names one pair of an emulator whose clock stands still."""
    with begin("coinmon emulate --port 0 --speed 0 --write-config config.yaml", folder) as emulator:
        try:
            assert emulator.stdout is not None
            assert emulator.stdout.readline().startswith("# coinmon emulator")
            config = folder / "config.yaml"
            text = re.sub(r"^symbols: .*$", "symbols: [BTCUSDT]", config.read_text("utf-8"), flags=re.MULTILINE)
            config.write_text(text, "utf-8")
            return {SCAN: run(SCAN, folder, ctrl_c_after="扫描完成"), BACKTEST: run(BACKTEST, folder)}
        finally:
            emulator.terminate()


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """Every line that is run, side by side; the first rule lies in the folder `rules`."""

    def folder(name: str) -> Path:
        made = tmp_path_factory.mktemp(name)
        (made / "rules").mkdir()
        (made / "rules" / "first.yaml").write_text(fenced(FIRST_RULE, "yaml")[0], "utf-8")
        return made

    demo = folder("demo")
    with ThreadPoolExecutor(4) as lanes:
        stored = lanes.submit(live, folder("live"))
        others = {
            line: lanes.submit(run, line.replace("coinmon rules explain", "coinmon --lang en rules explain"), demo)
            for line in (*DEMOS, CHECK)
        }
        found = {line: each.result() for line, each in others.items()} | stored.result()
    # "its database ends with it"
    assert [each.name for each in demo.iterdir()] == ["rules"]
    return found


def test_every_line_is_run_or_has_a_reason_why_not():
    assert sorted(LINES) == sorted([*NOT_RUN, *TOLD])


@pytest.mark.parametrize("line", LINES)
def test_a_line_does_what_the_page_says(line, done):
    if line in NOT_RUN:
        pytest.skip(f"not run: {NOT_RUN[line]}")
    code, told = TOLD[line]
    assert done[line][0] == code, done[line][1]
    assert re.search(told, done[line][1], re.MULTILINE), done[line][1]


def test_the_table_has_the_flows_that_the_demo_has(done):
    (table,) = [block for block in fenced(STARTED, "text") if block.startswith("pair ")]
    (row,) = [line.split() for line in table.splitlines() if line.startswith("BTC/USDT")]
    shown = dict(zip(table.split()[2:6], row[2:6], strict=True))
    assert dict(re.findall(r"(\w{3}):(\S+)", re.findall(r"BTC/USDT \|.*", done[DEMOS[0]][1])[0])) == shown


def test_the_explanation_is_what_the_command_prints(done):
    (shown,) = [block for block in fenced(FIRST_RULE, "") if not block.startswith("coinmon ")]
    printed = done[DEMOS[2]][1]
    # the clock of the demo runs while the scan is made
    assert timeless(printed[printed.index("spot_leads  ") :]) == timeless(shown)


def timeless(text: str) -> str:
    return re.sub(r"T12:00:[\d.]+Z", "T12:00Z", text)
