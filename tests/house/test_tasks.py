"""Every task has an owner who notices its end: the supervisor, or a place that awaits it, which is named here."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = [ROOT / "coinmon", *sorted((ROOT / "plugins").glob("coinmon_*"))]
OWNED = {
    "coinmon/supervise.py": "the supervisor itself",
    "coinmon/evaluate/computing.py": "a computation is waited for with a deadline, and what blocks is named",
    "coinmon/plugin/plugin_thread.py": "its call takes every result and error, and is waited for",
    "coinmon/processes.py": "who gives a process tasks reads their answers, and says how it ended",
    "coinmon/collect/history/backfill.py": "the next file is awaited after the one before it",
    "coinmon/collect/history/first_day.py": "a task group",
    "coinmon/collect/history/warm_up.py": "a task group",
    "coinmon/collect/venue.py": "waited for within the round's deadline",
    "coinmon/notify/sender.py": "awaited at once, also when the sender is cancelled",
    "coinmon/record/recorder.py": "says itself what fails; waited for in close",
    "coinmon/report/table/screen.py": "the screen waits for its table, and raises what it ended by",
    "coinmon/report/terminal/background_stream.py": "what it died of is kept and told to who began it",
    "coinmon/run/demo.py": "shows what arrives at the demo's robots; the demo ends with its emulator",
    "coinmon/run/parts/made_weeks.py": "each market's minutes are waited for",
    "coinmon/run/monitor.py": "one scan and the order to stop: whichever comes first is awaited",
    "coinmon/store/database.py": "the writer's thread: whoever gives it work waits for it",
    "coinmon/store/lock_file.py": "looks more often than each check of the lease, which looks itself",
    "plugins/coinmon_emulator/server/run.py": "waits for the end of standard input, and for nothing else",
    "plugins/coinmon_emulator/server/server.py": "the loop says at once what one of them died of",
    "plugins/coinmon_emulator/server/streams.py": "ended with its connection",
    "plugins/coinmon_exchanges/_files/inflate.py": "hands over what it raises in place of the next part",
    "plugins/coinmon_exchanges/_stream/socket.py": "its end drops the connection, or is told to who reads the stream",
    "plugins/coinmon_exchanges/binance/books.py": "a snapshot that failed is asked for again when it is next due",
    "plugins/coinmon_mcp/_http/door.py": "closes the connection where it fails; the loop says what else happens",
    "plugins/coinmon_mcp/_http/health.py": "says what it raised; a document that grows old is said to be",
    "plugins/coinmon_mcp/_http/sessions.py": "the request of the session waits for it",
    "plugins/coinmon_mcp/_tools/answers.py": "whoever asks waits for the answer",
}
BEGIN = {
    "create_task", "ensure_future", "Thread", "Timer", "Process", "TaskGroup", "run_coroutine_threadsafe",
    "ThreadPoolExecutor", "ProcessPoolExecutor", "start_new_thread",
}  # fmt: skip


def begun(text: str) -> bool:
    """Whether something is begun there that goes on by itself."""
    called = (each.func for each in ast.walk(ast.parse(text)) if isinstance(each, ast.Call))
    return any((each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "")) in BEGIN for each in called)


def test_whoever_begins_a_task_or_a_thread_outside_the_supervisor_is_known():
    found = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in package.rglob("*.py")
        if any(name in (text := path.read_text("utf-8")) for name in BEGIN) and begun(text)
    }
    assert found == OWNED.keys()


def test_each_way_to_begin_one_is_seen():
    ways = "asyncio.create_task(x())", "create_task(x())", "loop.create_task(x())", "threading.Thread(target=x)"
    assert all(map(begun, ways))
    assert not begun("supervisor.once('name', x())")
