"""Are signals told of history that was brought forty days late, as they would have been told on time?

The emulator's clock stands forty days after the events that scenario `signals` plants; `coinmon backfill` brings the
days around them from each venue's files and history, and `coinmon backtest` replays them. Each planted event whose
figures history has must be told between its beginning and 30 minutes after its end; what share of the minutes each
signal could be judged in is said beside it. Books, liquidations and the funding that is forecast have no history,
settled funding alone has: signals of them wait.

    python benchmarks/truth/late_month.py [--days 3] [--seed 1] [BTCUSDT ...]
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from long_range import served

from coinmon.model.moment import DAY, MINUTE, floor, iso, parse_time
from coinmon_emulator.scenario.scenario import Scenario
from coinmon_emulator.scenario.signal_plan import SIGNALS_AT

LATE_DAYS = 40
PATIENCE_MS = 30 * MINUTE
WITHOUT_HISTORY = {
    "liquidity_vacuum": "books", "liquidation_cascade": "liquidations", "funding_extreme": "forecast funding",
    "funding_squeeze": "forecast funding", "derivative_hedge": "forecast funding",
}  # fmt: skip
"""Signals of what no venue gives of the past."""


def coinmon(config: Path, *arguments: str) -> bytes:
    command = [sys.executable, "-m", "coinmon", "--config", str(config), *arguments]
    return subprocess.run(command, cwd=config.parent, stdout=subprocess.PIPE, check=True).stdout


def is_told(planted: dict[str, Any], told: list[dict[str, Any]]) -> bool:
    return any(
        each.get("signal", each["event"]) == planted["kind"]
        and each["pair"].replace("/", "") == planted["pair"]
        and planted["start_ms"] <= parse_time(each["time"]) <= planted["end_ms"] + PATIENCE_MS
        for each in told
    )


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("pairs", nargs="*", help="only these; all with events unless given")
    parser.add_argument("--days", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    market = Scenario("signals", chosen.seed, after=(LATE_DAYS + chosen.days + 2) * 1440)
    planted = [each for each in market.planted(1 << 62) if not chosen.pairs or each["pair"] in chosen.pairs]
    pairs = sorted({each["pair"] for each in planted})
    first = floor(SIGNALS_AT, DAY) - DAY
    span = "--from", iso(first), "--to", iso(first + chosen.days * DAY)
    with (
        tempfile.TemporaryDirectory(prefix="coinmon-late-") as name,
        served(market, SIGNALS_AT + LATE_DAYS * DAY) as it,
    ):
        config = Path(name) / "config.yaml"
        config.write_text(it.config_yaml(f"sqlite:///{name}/coinmon.db"))
        coinmon(config, "backfill", *pairs, *span)
        replay = json.loads(coinmon(config, "backtest", *pairs, *span, "--json"))
    known = {each["signal"] for each in replay["signals"] if "signal" in each} | set(replay["judged"])
    of_signals = [each for each in planted if each["kind"] in known]
    counts, found = Counter(each["kind"] for each in of_signals), Counter()
    found.update(each["kind"] for each in of_signals if is_told(each, replay["signals"]))
    missed = 0
    for name, count in sorted(counts.items()):
        share = max((each["share"] for of, each in replay["judged"].items() if name.startswith(of)), default=0.0)
        missed += 0 if name in WITHOUT_HISTORY else count - found[name]
        note = f"  no history of {WITHOUT_HISTORY[name]}" if name in WITHOUT_HISTORY else ""
        print(f"{name:24} {found[name]} of {count} told, judged in {share:.1%} of the minutes{note}")
    print(f"{'PASS' if counts and not missed else 'FAIL'}: {missed} planted events were not told")
    return 1 if missed or not counts else 0


if __name__ == "__main__":
    sys.exit(main())
