"""Every task has an owner who notices its end: the supervisor, or a place that awaits it, which is named here."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = [ROOT / "coinmon", *sorted((ROOT / "plugins").glob("coinmon_*"))]
OWNED = {
    "coinmon/supervise.py": "the supervisor itself",
    "coinmon/plugin/plugin_thread.py": "its call takes every result and error, and is waited for",
    "coinmon/collect/history/backfill.py": "the next file is awaited after the one before it",
    "coinmon/collect/history/warm_up.py": "a task group",
    "coinmon/collect/venue.py": "waited for within the round's deadline",
    "coinmon/notify/sender.py": "awaited at once, also when the sender is cancelled",
    "coinmon/record/recorder.py": "says itself what fails; waited for in close",
    "coinmon/report/table/screen.py": "the screen waits for its table, and raises what it ended by",
    "coinmon/run/monitor.py": "one scan and the order to stop: whichever comes first is awaited",
    "plugins/coinmon_desk/_pages.py": "each says its failure and begins again",
    "plugins/coinmon_exchanges/_stream/socket.py": "the connection's own tasks, ended with it",
    "plugins/coinmon_exchanges/binance/books.py": "a snapshot that failed is asked for again when it is next due",
    "plugins/coinmon_mcp/_http/door.py": "closes the connection where it fails; the loop says what else happens",
    "plugins/coinmon_mcp/_http/sessions.py": "the request of the session waits for it",
    "plugins/coinmon_mcp/_service.py": "goes on after anything but our own stop, and says what; ended with the service",
}


def begun(path: Path) -> bool:
    names = {"create_task", "ensure_future"}
    return any(
        isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute) and each.func.attr in names
        for each in ast.walk(ast.parse(path.read_text()))
    )


def test_whoever_begins_a_task_outside_the_supervisor_is_known():
    found = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in package.rglob("*.py")
        if "coinmon_emulator" not in path.parts and begun(path)
    }
    assert found == OWNED.keys()
