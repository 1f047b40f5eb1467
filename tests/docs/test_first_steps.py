"""A newcomer's first commands, typed as the pages show them, in empty folders and against the built-in emulator."""

import os
import re
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Timer

import pytest

from tests.docs.shown import is_shown
from tests.docs.terminal import on_terminal
from tests.forked import Forked, forked_command

DOCS = Path(__file__).parents[2] / "docs"
STARTED = {page: (DOCS / page).read_text("utf-8") for page in ("getting-started.md", "getting-started.zh.md")}
FIRST_RULE, _, _ = (DOCS / "rules.md").read_text("utf-8").partition("\n## What a rule says")
BINARIES = Path(sys.executable).parent
TIMEOUT_S = 120.0

pytestmark = pytest.mark.timeout(300)  # on a machine that does much else

Done = tuple[int, str]
"""An exit code and what was printed."""

EMULATE = "coinmon emulate --robots --write-config config.yaml"
SCANS = {"en": "coinmon --lang en scan", "zh": "coinmon scan"}
HEARD = {"en": "dingtalk @all | **Signal**: Global Sync", "zh": "dingtalk @all | **信号类型**: 全球协同"}
"""What a robot prints of the first message."""
PAGE = "coinmon report BTCUSDT --format html --output btc.html"
ASK = "python ask.py"
CHECK, BACKTEST = "coinmon rules check", "coinmon backtest --signal spot_leads --from 2026-01-01"
EXPLAIN = "coinmon rules explain spot_leads BTCUSDT --demo"  # in English, as the page shows what it prints
PLUGIN = [
    "coinmon plugins new indicator my_share",
    'echo "plugins: {dir: my_plugins}" > mine.yaml',
    "coinmon report BTCUSDT --demo --full --config mine.yaml",
]
NOT_RUN = {
    'python3 -m venv .venv && . .venv/bin/activate && pip install ".[serve]"': "asks a package index; .ci/run does it",
    "coinmon doctor": "is about the internet; tests/cli/test_doctor.py asks the emulator",
}
"""The command lines that are not run here, and why."""

TOLD = {
    EMULATE: (0, r"^# coinmon emulator: http://127.0.0.1:"),
    **dict.fromkeys(SCANS.values(), (130, r"BTC/USDT +96,409.34")),
    PAGE: (0, r"^$"),
    ASK: (0, r'"pair":"BTC/USDT"'),
    CHECK: (0, r"^spot_leads  \[B\+\]  net_flow\(spot\)\.zscore, price\(spot\), vwap\(spot\)\.vwap$"),
    BACKTEST: (0, r"^BTC/USDT  2026-01-15T11:[\s\S]*^spot_leads: "),
    EXPLAIN: (0, r"^spot_leads  BTC/USDT  2026-01-15T12:0"),
    PLUGIN[0]: (0, r"^my_plugins/my_share.py$"),
    PLUGIN[1]: (0, r"^$"),
    PLUGIN[2]: (0, r"^BTC/USDT .*2026-01-15T12:0[\s\S]*^binance:BTC/USDT .*\+825k"),
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


def steps(text: str) -> list[tuple[str, str]]:
    """Each block of output, with the command lines that stand before it."""
    found, lines = [], ""
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if language == "sh":
            lines = block
        elif language == "text":
            found.append((lines, block))
    return found


LINES = list(dict.fromkeys(line for text in (*STARTED.values(), FIRST_RULE) for line in typed(text)))
SHOWN = [step for text in STARTED.values() for step in steps(text)]


def environment() -> dict[str, str]:
    """A Chinese reader's, without this machine's settings."""
    kept = {name: os.environ[name] for name in ("HOME", "TMPDIR") if name in os.environ}
    return kept | {
        "PATH": os.pathsep.join([str(BINARIES), os.environ["PATH"]]),
        "PYTHONUTF8": "1",
        "LANG": "zh_CN.UTF-8",
    }


def begin(line: str, cwd: Path) -> subprocess.Popen[str]:
    """Types a line into a shell, which becomes the command: Ctrl-C reaches it.

    `coinmon` is one that is forked and not started, but for scans on a terminal.
    """
    environ = environment()
    environ["PATH"] = os.pathsep.join([str(Forked.folder / "first steps"), environ["PATH"]])
    return subprocess.Popen(
        ["sh", "-c", line if line.startswith("echo") else f"exec {line}"], cwd=cwd, env=environ, text=True,
        encoding="utf-8", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def run(line: str, cwd: Path) -> Done:
    """What a line prints, and its exit code."""
    with begin(line, cwd) as process:
        # a command that hangs ends here, and its test says what it had printed
        watch = Timer(TIMEOUT_S, process.kill)
        watch.start()
        try:
            printed, _ = process.communicate()
        finally:
            watch.cancel()
            process.kill()
    return process.returncode, printed


def is_whole(shown: str) -> bool:
    return bool(re.search(r"ETH/USDT.*%.*\[A\]", shown))


def live(folders: dict[str, Path]) -> dict[str, Done]:
    """The lines that need a market, which stands still: each language's scan has a folder of its own."""
    first = folders["en"]
    with begin(f"{EMULATE} --port 0 --speed 0 > emulator.txt", first) as emulator:
        try:
            while not (first / "config.yaml").exists():
                assert emulator.poll() is None, "the emulator ended"
                time.sleep(0.02)
            # the two pairs that the pages show
            pairs = "symbols: [BTCUSDT, ETHUSDT]"
            config = re.sub("^symbols: .*$", pairs, (first / "config.yaml").read_text("utf-8"), flags=re.MULTILINE)
            for each in folders.values():
                (each / "config.yaml").write_text(config.replace(str(first), str(each)), "utf-8")
            told = first / "emulator.txt"

            def scan(lang: str) -> Done:
                """On a terminal, until its last row is whole and the robots have got the first message."""
                return on_terminal(
                    ["sh", "-c", f"exec {SCANS[lang]}"], folders[lang], environment(), key="q",
                    until=lambda shown: is_whole(shown) and HEARD[lang] in told.read_text("utf-8"),
                )  # fmt: skip

            with ThreadPoolExecutor(2) as lanes:
                scanned = dict(zip(SCANS.values(), lanes.map(scan, SCANS), strict=True))
                found = {line: lanes.submit(run, line, first) for line in (PAGE, BACKTEST, ASK)}
                stored = {line: each.result() for line, each in found.items()}
        finally:
            emulator.terminate()
    return {**scanned, **stored, EMULATE: (emulator.wait(), told.read_text("utf-8"))}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """Every line that is run, once; the first rule lies in the folder `rules`."""

    def folder(name: str) -> Path:
        made = tmp_path_factory.mktemp(name)
        (made / "rules").mkdir()
        (made / "rules" / "first.yaml").write_text(fenced(FIRST_RULE, "yaml")[0], "utf-8")
        return made

    forked = Forked.folder / "first steps" / "coinmon"
    forked.parent.mkdir()
    forked.write_text(f'#!/bin/sh\nexec {shlex.join(forked_command())} "$@"\n', "utf-8")
    forked.chmod(0o755)
    demo, mine, folders = folder("demo"), folder("mine"), {lang: folder(lang) for lang in SCANS}
    (folders["en"] / "ask.py").write_text(fenced(STARTED["getting-started.md"], "python")[0], "utf-8")
    with ThreadPoolExecutor(3) as lanes:
        stored = lanes.submit(live, folders)
        written = {line: run(line, mine) for line in PLUGIN[:2]}
        found = {PLUGIN[2]: lanes.submit(run, PLUGIN[2], mine), CHECK: lanes.submit(run, CHECK, demo)}
        found[EXPLAIN] = lanes.submit(run, EXPLAIN.replace("coinmon", "coinmon --lang en", 1), demo)
        told = written | {line: each.result() for line, each in found.items()} | stored.result()
    # "leaves nothing behind"
    assert [each.name for each in demo.iterdir()] == ["rules"]
    page = (folders["en"] / "btc.html").read_text("utf-8")
    assert "BTC/USDT" in page
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", page), "one file that loads nothing"
    return told


def test_every_line_is_run_or_has_a_reason_why_not():
    assert sorted(LINES) == sorted([*NOT_RUN, *TOLD])
    assert len(set(fenced("".join(STARTED.values()), "python"))) == 1


@pytest.mark.parametrize("line", LINES)
def test_a_line_does_what_the_page_says(line, done):
    if line in NOT_RUN:
        pytest.skip(f"not run: {NOT_RUN[line]}")
    code, told = TOLD[line]
    assert done[line][0] == code, done[line][1]
    assert re.search(told, done[line][1], re.MULTILINE), done[line][1]


@pytest.mark.parametrize(("lines", "shown"), SHOWN, ids=lambda value: value.partition("\n")[0][:40])
def test_a_step_shows_what_the_page_shows(lines, shown, done):
    typed_here = [EMULATE] if "robot " in shown else lines.splitlines()
    printed = "\n".join(done[line][1] for line in typed_here)
    assert is_shown(shown, printed), printed
    # it would see another word, another figure and a line that is not there
    words = [each for each in shown.splitlines() if each != "..."]
    assert not is_shown(shown.replace(words[-1], f"{words[-1]} too"), printed)
    assert not is_shown(re.sub(r"(?<!\d)(?=96,409|96409|0\.4999|825k)", "1", shown), printed)
    assert not is_shown(f"{shown}{words[0]}\n", printed)


def test_both_pages_have_the_six_steps():
    assert len(SHOWN) == 8
    assert [len(re.findall(r"^## \d", text, re.MULTILINE)) for text in STARTED.values()] == [6, 6]


def test_the_explanation_is_what_the_command_prints(done):
    (shown,) = [block for block in fenced(FIRST_RULE, "") if not block.startswith("coinmon ")]
    printed = done[EXPLAIN][1]
    # the clock of the demo runs while the scan is made
    assert timeless(printed[printed.index("spot_leads  ") :]) == timeless(shown)


def timeless(text: str) -> str:
    return re.sub(r"/72\d minutes", "/720 minutes", re.sub(r"T12:0\d:[\d.]+Z", "T12:00Z", text))
