"""How many faults of which kind the chaos campaigns had, one run or the sum of several, beside how many are asked."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ASKED = {"database": 200, "lease": 200, "clock": 100, "forms": 60}
"""Faults of the database, of who holds the scan's lease, steps of the clock; forms of wrong plugins."""
KINDS = {"terminate": "database", "restart": "database", "lock": "database", "full": "database", "clock": "clock"}
"""What a fault counts as; a kill or a stop counts as one of the lease where it met the process that scans."""


def row_of(campaign: Any, problems: int) -> dict[str, Any]:
    """One run, as a line of a tally. forms: those that were left out by name, or told as they are."""
    faults = Counter(campaign.faults)
    if not campaign.clock.works:
        # nothing was set
        faults.pop("clock", None)
    counts = Counter({"lease": campaign.holders_hit, "forms": len(campaign.forms)})
    for kind, number in faults.items():
        if kind in KINDS:
            counts[KINDS[kind]] += number
    return {
        "database": campaign.kind, "seed": campaign.seed, "faults": dict(faults), "counts": dict(counts),
        "clocks": campaign.clock.works, "lives": len(campaign.lives), "sent": campaign.sent,
        "arrived": len(campaign.robot.arrivals), "again": campaign.again, "minutes": campaign.minutes,
        "missing": campaign.missing, "problems": problems,
    }  # fmt: skip


def said(row: Mapping[str, Any]) -> str:
    """A run in two lines."""
    faults = ", ".join(f"{number} {kind}" for kind, number in sorted(row["faults"].items()))
    counts = ", ".join(f"{what} {row['counts'].get(what, 0)}" for what in ASKED)
    alerts = f"{row['sent']} alerts sent, {row['arrived']} arrived, {row['again']} of them again"
    return (
        f"{row['database']}, seed {row['seed']}: {sum(row['faults'].values())} faults ({faults}): {counts}\n"
        f"  {row['lives']} processes; {alerts}; "
        f"{row['minutes']} minutes of bars, {row['missing']} of them missing; {row['problems']} problems"
    )


def add(path: Path, row: Mapping[str, Any]) -> None:
    with path.open("a") as file:
        file.write(json.dumps(row) + "\n")


def total(path: Path) -> str:
    """The sum of a tally's runs, and what is asked."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    lines = [f"{len(rows)} runs, {sum(row['problems'] for row in rows)} problems:"]
    for what, asked in ASKED.items():
        numbers = [row["counts"].get(what, 0) for row in rows]
        # the forms are the same ones in each run
        reached = max(numbers, default=0) if what == "forms" else sum(numbers)
        lines.append(f"  {what}: {reached} of {asked}")
    return "\n".join(lines)
