"""Which tests begin first, and which are run by one process one after the other."""

from collections import Counter
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling


def _path(name: str) -> str:
    folder, _, file = name.rpartition("/")
    return f"tests/{folder}/test_{file}.py"


LONGEST = (
    "record/recording_is_played", "scan/chaos", "docs/first_steps", "desk/browser", "desk/moments",
    "scan/live_is_replayed", "cli/doctor_deep", "scan/faults", "serve/node", "backfill/archives", "scan/event_stream",
    "evaluate/pair_jobs", "evaluate/event_columns", "notify/delivery", "notify/secrets", "cli/one_line",
    "stream/books", "stream/silence", "rules/commands", "plugins/scan", "terminal/interactive_table", "serve/command",
    "cli/audit", "scan/real_tapes", "store/killed_upgrade", "serve/tools", "scan/planted_events", "notify/senders",
    "stream/campaign", "emulator/scenarios", "backfill/files", "backfill/twisted_files", "scan/shards",
    "stream/faults", "serve/idle", "lake/lake", "stream/tapes", "emulator/stream_books",
    "exchanges/decoders_are_total", "evaluate/scorecard_command", "exchanges/recorded/books", "plugins/third_party",
    "emulator/command", "emulator/stream_shapes", "evaluate/columns", "signals/presets", "evaluate/intervals",
    "terminal/unread",
)  # fmt: skip
"""Files that take long, longest first: one that is begun last keeps one worker busy while the others have nothing."""


APART = (
    "scan/chaos",
    "scan/faults",
    "backfill/archives",
    "cli/doctor_deep",
    "notify/delivery",
    "stream/books",
    "stream/silence",
    "stream/faults",
)
"""Files that take long and whose tests share nothing: any worker takes any of their tests."""


TOGETHER = {
    "a running server": ("serve", ("contract", "pages", "panels", "seed_examples", "tools")),
    "a running desk": ("desk", ("access", "browser")),
    "a scanned market": ("cli", ("audit", "backtest", "export", "refusals", "report")),
    "a stored market": ("report", ("candles", "holes", "page", "panels", "read_only", "text", "traded")),
}
"""Files of a folder that share what takes seconds to make: one worker runs them, else each makes it anew."""

_GROUPS = {
    _path(f"{folder}/{name}"): group for group, (folder, names) in TOGETHER.items() for name in names
}  # fmt: skip


class ByWhatIsShared(LoadFileScheduling):  # type: ignore[misc]
    _apart = frozenset(map(_path, APART))

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return nodeid if file in self._apart else _GROUPS.get(file, file)


def longest_first(items: list[pytest.Item]) -> None:
    """Sort tests: files that take long, then those with many tests."""
    root = Path(__file__).parents[1]
    rank = {root / _path(name): place for place, name in enumerate(LONGEST)}
    many = Counter(item.path for item in items)
    items.sort(key=lambda item: (rank.get(item.path, len(rank)), -many[item.path]))
