"""Inputs that broke the product once, each as its README says; every one of a folder of cases in one command.

    python benchmarks/truth/cases.py [--cases ../shared/cases] [NAME...]

The cases are not part of this repository: where the folder is absent there is nothing to do, and that is said. Those
with rules run against the emulator behind a proxy that twists single answers (the folder's own tools); they take up to
four minutes each and run side by side.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

Outcome = tuple[bool, str]
COINMON = [sys.executable, "-m", "coinmon"]


def coinmon(*arguments: str, seconds: float = 120, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COINMON, *arguments], capture_output=True, text=True, timeout=seconds, cwd=folder, check=False
    )


@contextlib.contextmanager
def emulator(folder: Path, port: int) -> Iterator[str]:
    config = folder / "config.yaml"
    running = subprocess.Popen(
        [*COINMON, "emulate", "--port", str(port), "--write-config", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 30
        while not config.exists() and time.monotonic() < until:
            time.sleep(0.1)
        text = config.read_text("utf-8")
        config.write_text(re.sub(r"(?m)^db:.*", f'db: "sqlite:///{folder}/a.db"', text) + "\nlang: en\n", "utf-8")
        yield str(config)
    finally:
        running.terminate()
        running.wait(10)


@contextlib.contextmanager
def twisted(case: Path, folder: Path, port: int, symbols: str, speed: int = 1) -> Iterator[Path]:
    """The emulator behind the case's rules; its configuration."""
    subprocess.run(
        ["bash", str(case.parent / "_tools" / "stand.sh"), str(case / "rules.py"), symbols, str(folder), str(port)]
        + ([str(speed)] if speed != 1 else []),
        check=True,
        env={**os.environ, "PY": sys.executable},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield folder / "config.yaml"
    finally:
        for each in folder.glob("*.pid"):
            with contextlib.suppress(ProcessLookupError, ValueError):
                os.kill(int(each.read_text()), signal.SIGTERM)


def polled(config: Path, venue: str) -> None:
    text = config.read_text("utf-8")
    config.write_text(re.sub(rf"(?m)^  {venue}:\s*$", f"  {venue}:\n    feed: poll", text), "utf-8")


def scan(config: Path, seconds: float, *arguments: str) -> list[dict]:
    """A scan of so many seconds; its events."""
    running = subprocess.Popen(
        [*COINMON, "scan", "--json", "--config", str(config), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(seconds)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    (config.parent / "scan.log").write_text(err, "utf-8")
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


def rows(folder: Path, query: str) -> list[tuple]:
    with contextlib.closing(sqlite3.connect(folder / "a.db")) as database:
        return database.execute(query).fetchall()


def requests(case: Path) -> list[float]:
    return [float(line.split()[0]) for line in (case / "requests.log").read_text().splitlines()]


def a_file(symbol: str, venue: str, kind: str, name: str, wanted: str) -> Callable[[Path, Path, int], Outcome]:
    def run(case: Path, folder: Path, port: int) -> Outcome:
        with emulator(folder, port) as config:
            done = coinmon(
                *("backfill", symbol, "--exchange", venue, "--kind", kind, "--file", str(case / name)),
                *("--config", config),
            )
        said = (done.stdout + done.stderr).strip().splitlines()
        return done.returncode == 0 and re.search(wanted, done.stdout) is not None, said[-1] if said else ""

    return run


def ban(case: Path, folder: Path, port: int) -> Outcome:
    with twisted(case, folder, port, "[BTCUSDT]") as config:
        polled(config, "binance")
        scan(config, 200, "--interval", "20s")
    sent = [at for at in requests(case) if 12 < at < 195]
    refused = [at for at in requests(case) if 10 < at < 13 or at in sent]
    # requests on their way together are refused together; after that nobody asks before the time that was named
    late = [at for at in refused if at > min(refused) + 15]
    return not late, f"{len(refused)} requests met the ban, {len(late)} were sent after it was known"


def waf(case: Path, folder: Path, port: int) -> Outcome:
    with twisted(case, folder, port, "[BTCUSDT]") as config:
        polled(config, "okx")
        events = scan(config, 190, "--interval", "20s", "--exchange", "okx")
    last = [each["status"] for each in events if each["event"] == "venue" and each["venue"] == "okx"][-2:]
    return last == ["ok", "ok"], f"at the end: {', '.join(last)}"


def delisted(case: Path, folder: Path, port: int) -> Outcome:
    with twisted(case, folder, port, "[BTCUSDT, SOLUSDT, DOGEUSDT]", 10) as config:
        before = rows_of_grid(folder)
        scan(config, 115)
        after = rows_of_grid(folder)
    return before != after and after is not None, f"SOL's grid at Binance: {before} then {after}"


def rows_of_grid(folder: Path) -> str | None:
    with contextlib.suppress(sqlite3.Error):
        return dict(rows(folder, "select symbol, tick_size from instruments where venue = 'binance'")).get("SOL/USDT")
    return None


def odd_entry(case: Path, folder: Path, port: int) -> Outcome:
    with twisted(case, folder, port, "[BTCUSDT, ETHUSDT, SOLUSDT]") as config:
        done = coinmon("scan", "--once", "--config", str(config))
    query = "select i.venue, i.base from {} f join instruments i on i.id = f.instrument group by 1, 2"
    found = {what: set(rows(folder, query.format(what))) for what in ("funding", "open_interest")}
    wanted = {(venue, base) for venue in ("binance", "okx", "bybit") for base in ("BTC", "ETH")}
    lacking = {what: sorted(wanted - its) for what, its in found.items() if wanted - its}
    return done.returncode == 0 and not lacking, f"lacking: {lacking or 'nothing but SOL'}"


def contract_size(case: Path, folder: Path, port: int) -> Outcome:
    with twisted(case, folder, port, "[SOLUSDT]") as config:
        scan(config, 165)
        with urlopen(
            f"http://127.0.0.1:{port}/okx/api/v5/market/candles?instId=SOL-USDT-SWAP&bar=1m&limit=5", timeout=10
        ) as reply:
            truth = {int(row[0]): float(row[6]) for row in json.load(reply)["data"] if row[8] == "1"}
    query = (
        "select b.time, b.volume, b.coverage from bars b join instruments i on i.id = b.instrument "
        "where i.venue = 'okx' and i.symbol = 'SOL/USDT:USDT'"
    )
    stored = {at: (volume, coverage) for at, volume, coverage in rows(folder, query)}
    wrong = [
        at
        for at, volume in truth.items()
        if at in stored and stored[at][1] == 3 and abs(stored[at][0] - volume) > 1e-6 * max(1.0, volume)
    ]
    seen = len(truth.keys() & stored.keys())
    return seen > 0 and not wrong, f"{seen} minutes compared, {len(wrong)} called trades with another volume"


def bare_perp(case: Path, folder: Path, port: int) -> Outcome:
    said = []
    with twisted(case, folder, port, "[BTCUSDT]") as config:
        for name in ("PERP", "SWAP"):
            done = coinmon("report", name, "--exchange", "binance", "--config", str(config))
            said.append(f"{name}: {done.returncode}")
            if done.returncode or f"{name}/USDT" not in done.stdout:
                return False, f"{name}: {(done.stderr or done.stdout).strip()[:120]}"
    return True, ", ".join(said)


def chinese(case: Path, folder: Path, port: int) -> Outcome:
    name, told = "币安人生USDT", []
    with twisted(case, folder, port, "[BTCUSDT]") as config:
        given = ("backfill", name, "--exchange", "binance", "--kind", "perp", "--config", str(config))
        for more in (
            ("--from", "2026-01-14", "--to", "2026-01-15"),
            ("--file", str(case / f"{name}-aggTrades-2026-01-14.zip")),
        ):
            done = coinmon(*given, *more)
            told.append((done.stdout + done.stderr).strip().splitlines()[-1])
            if done.returncode:
                return False, told[-1]
    return True, told[-1]


def hidden(case: Path, folder: Path, port: int) -> Outcome:
    (folder / "p.yaml").write_text('proxy: "http://user:s3/cretpw@127.0.0.1:1"\n')
    (folder / "q.yaml").write_text('proxy: "http://us er:s3cret pw@127.0.0.1:1"\n')
    shown = "".join(
        done.stdout + done.stderr
        for done in (
            coinmon("config", "show", "--db", "postgresql://cm:s3/cretpw@127.0.0.1:5999/cm", folder=folder),
            coinmon("config", "check", "--config", "p.yaml", folder=folder),
            coinmon("config", "show", "--config", "q.yaml", folder=folder),
        )
    )
    return "cret" not in shown, "no password shown" if "cret" not in shown else "a password is shown"


def proxy(case: Path, folder: Path, port: int) -> Outcome:
    (folder / "c.yaml").write_text('exchanges:\n  binance: {proxy: "http://用户:密码@127.0.0.1:18888"}\n', "utf-8")
    done = coinmon("scan", "--once", "--config", "c.yaml", folder=folder)
    text = done.stderr.strip()
    return "proxy" in text and "UnicodeEncodeError" not in text, text.splitlines()[0][:140] if text else ""


def octal(case: Path, folder: Path, port: int) -> Outcome:
    done = coinmon("config", "show", "--config", str(case / "config.yaml"))
    line = next((each for each in done.stdout.splitlines() if each.startswith("interval")), done.stderr.strip())
    return "60s" in line or done.returncode == 2, line


CASES: dict[str, Callable[[Path, Path, int], Outcome]] = {
    "ban-without-retry-after": ban,
    "bare-perp-swap": bare_perp,
    "bybit-exponent": a_file("DOGEUSDT", "bybit", "perp", "DOGEUSDT2026-01-14.csv.gz", r"minutes: \d+"),
    "chinese-symbol-files": chinese,
    "csv-blank-last-line": a_file(
        "XRPUSDT", "binance", "spot", "XRPUSDT-aggTrades-2026-01-14.zip", r"minutes: 14\d\d trades"
    ),
    "delisted-freezes-listing": delisted,
    "monthly-duplicate-id": a_file(
        "ETHUSDT", "binance", "spot", "ETHUSDT-aggTrades-2025-12.zip", r"minutes: \d{4,} trades"
    ),
    "odd-entry-bulk-funding": odd_entry,
    "okx-contract-size-live": contract_size,
    "proxy-non-ascii": proxy,
    "secrets-url-special": hidden,
    "waf-403-for-good": waf,
    "yaml-octal-interval": octal,
}


def writable(cases: Path, name: str, folder: Path) -> Path:
    """The case with its tools in a folder of ours: its rules write beside themselves what they were asked."""
    for each in (name, "_tools"):
        copied = shutil.copytree(cases / each, folder / "cases" / each, copy_function=shutil.copyfile)
        for within in (copied, *copied.rglob("*/")):
            within.chmod(0o755)
    return folder / "cases" / name


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--cases", type=Path, default=Path(__file__).parents[3] / "shared" / "cases")
    parser.add_argument("--jobs", type=int, default=4)
    args = parser.parse_args()
    if not args.cases.is_dir():
        print(f"no cases here: {args.cases} is not there")
        return 0
    names = args.names or list(CASES)
    unknown = [each.name for each in args.cases.iterdir() if (each / "README.txt").exists() and each.name not in CASES]

    def run(numbered: tuple[int, str]) -> tuple[str, Outcome]:
        place, name = numbered
        with TemporaryDirectory() as folder:
            try:
                return name, CASES[name](writable(args.cases, name, Path(folder)), Path(folder), 18300 + 4 * place)
            except Exception as error:
                return name, (False, f"{type(error).__name__}: {error}"[:200])

    failed = len(unknown)
    for each in unknown:
        print(f"FAIL {each}: nobody knows what it expects")
    with ThreadPoolExecutor(args.jobs) as pool:
        for name, (ok, text) in pool.map(run, enumerate(names)):
            failed += not ok
            print(f"{'ok  ' if ok else 'FAIL'} {name}: {text}", flush=True)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
