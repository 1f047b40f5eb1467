"""`coinmon ...` in processes of their own that need not import it anew: they are forked from one that has.

To import what a scan needs takes two seconds of a core, and tests start a hundred. `Forked` is a `subprocess.Popen`
whose process comes from a template, one for all workers, which has imported everything, has no thread, and has done
nothing else: arguments, folder, environment, streams, signals and exit code are those of `python -m coinmon`. What a
test says about starting, about importing or about what is installed needs a true one.
"""

import fcntl
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

OURS = (
    "coinmon", "coinmon_exchanges", "coinmon_indicators", "coinmon_signals", "coinmon_rules", "coinmon_outputs",
    "coinmon_emulator", "coinmon_mcp", "coinmon_desk",
)  # fmt: skip
CCXT = ("binance", "binanceusdm", "okx", "bybit", "coinbaseexchange", "hyperliquid")
START_TIMEOUT_S = 60
_LENGTH_BYTES = 4


class Forked(subprocess.Popen[Any]):
    """Started as `subprocess.Popen([sys.executable, "-m", "coinmon", ...], cwd=, env=, stdin=, ...)` would be."""

    folder: Path
    """Where the template is asked, a folder that all workers share."""

    def _execute_child(self, args: Any, executable: Any, preexec_fn: Any, *rest: Any) -> None:  # type: ignore[override]
        _, _, cwd, env, _, _, shell, p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite, *_ = rest
        assert list(args[:3]) == [sys.executable, "-m", "coinmon"]
        assert preexec_fn is None
        assert not shell
        streams = [given if given != -1 else own for given, own in ((p2cread, 0), (c2pwrite, 1), (errwrite, 2))]
        asked = {
            "arguments": [str(each) for each in args[3:]],
            "cwd": os.path.abspath(cwd or os.getcwd()),
            "env": dict(os.environ if env is None else env),
        }
        self._asked = socket.socket(socket.AF_UNIX)
        self._asked.connect(str(_template(self.folder)))
        text = json.dumps(asked).encode()
        socket.send_fds(self._asked, [len(text).to_bytes(_LENGTH_BYTES, "big")], streams)
        self._asked.sendall(text)
        self.pid = int.from_bytes(_exactly(self._asked, _LENGTH_BYTES), "big")
        self._child_created = True
        self._close_pipe_fds(p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite)  # type: ignore[attr-defined]

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        """As `waitpid`, of the template, whose child it is."""
        if wait_flags & os.WNOHANG and not select.select([self._asked], [], [], 0)[0]:
            return 0, 0
        told = _exactly(self._asked, _LENGTH_BYTES)
        self._asked.close()
        return self.pid, int.from_bytes(told, "big")

    def _internal_poll(self, *_: Any, **__: Any) -> int | None:
        if self.returncode is None:
            pid, status = self._try_wait(os.WNOHANG)
            if pid:
                self._handle_exitstatus(status)  # type: ignore[attr-defined]
        return self.returncode


def run_forked(
    command: list[str], *, capture_output: bool = False, timeout: float | None = None, **options: Any
) -> subprocess.CompletedProcess[Any]:
    """As `subprocess.run`."""
    if capture_output:
        options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with Forked(command, **options) as process:
        try:
            out, complaints = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, complaints)


if not hasattr(os, "pidfd_open"):
    # neither macOS nor Windows has it: each is started anew
    Forked, run_forked = subprocess.Popen, subprocess.run  # type: ignore[assignment, misc]


def forked_command() -> list[str]:
    """In place of `python -m coinmon` where another program starts it: its process is forked too."""
    if not hasattr(os, "pidfd_open"):
        return [sys.executable, "-m", "coinmon"]
    return [sys.executable, "-I", "-S", str(Path(__file__).with_name("forward.py")), str(_template(Forked.folder))]


def forked_demos() -> Any:
    """What `coinmon.run.demo` takes for `subprocess`: the emulators of demos are forked too."""
    return SimpleNamespace(
        Popen=Forked, PIPE=subprocess.PIPE, DEVNULL=subprocess.DEVNULL, TimeoutExpired=subprocess.TimeoutExpired
    )


def _template(folder: Path) -> Path:
    """The socket of the template; who comes first begins it. It ends when the workers' parent does, or the only one."""
    place = folder / "template"
    with (folder / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            owner = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
            command = [sys.executable, str(Path(__file__)), str(place), str(owner)]
            with (folder / "template.log").open("w") as log:
                # it is left to itself: not awaited, nor ended by a Ctrl-C
                subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
            until = time.monotonic() + START_TIMEOUT_S
            while not place.exists():
                assert time.monotonic() < until, (folder / "template.log").read_text()
                time.sleep(0.05)
    return place


def _exactly(link: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        more = link.recv(count - len(found))
        if not more:
            raise EOFError("the template of processes has ended")
        found += more
    return found


def modules_of(name: str) -> Iterator[str]:
    """The names of a package's modules, without those that do something where they are imported."""
    package = importlib.import_module(name)
    for each in pkgutil.walk_packages(package.__path__, f"{name}."):
        if "migrations" not in each.name and not each.name.endswith("__main__"):
            yield each.name


def _import_all() -> None:
    for name in OURS:
        for each in modules_of(name):
            # what needs an extra that is not installed is imported by whoever needs it
            with suppress(ImportError):
                importlib.import_module(each)
    from coinmon_exchanges._http.ccxt_class import exchange_class

    for name in CCXT:
        exchange_class(name)
    importlib.import_module("alembic.command")
    importlib.import_module("sqlalchemy.dialects.sqlite")


def _serve(place: Path, owner: int) -> tuple[dict[str, Any], list[int]] | None:
    """In the template: nothing, when its owner has ended. In a child: what it is to do."""
    listener = socket.socket(socket.AF_UNIX)
    unnamed = place.with_suffix(".made")
    listener.bind(str(unnamed))
    listener.listen(64)
    unnamed.rename(place)
    running: dict[int, tuple[int, socket.socket]] = {}
    while True:
        ready, _, _ = select.select([listener, *running], [], [], 1.0)
        for each in ready:
            if each is listener:
                link, _ = listener.accept()
                head, streams, _, _ = socket.recv_fds(link, _LENGTH_BYTES, 3)
                asked = json.loads(_exactly(link, int.from_bytes(head, "big")))
                pid = os.fork()
                if pid == 0:
                    for known in (listener, link, *(one for _, one in running.values())):
                        known.close()
                    for number in running:
                        os.close(number)
                    return asked, streams
                for number in streams:
                    os.close(number)
                link.sendall(pid.to_bytes(_LENGTH_BYTES, "big"))
                running[os.pidfd_open(pid)] = pid, link
            else:
                pid, link = running.pop(each)
                os.close(each)
                _, status = os.waitpid(pid, 0)
                # nobody may wait for it any more
                with suppress(OSError):
                    link.sendall(status.to_bytes(_LENGTH_BYTES, "big"))
                link.close()
        try:
            os.kill(owner, 0)
        except ProcessLookupError:
            return None


def _become(asked: dict[str, Any], streams: list[int]) -> None:
    """The environment, the folder and the streams of a process that was just started."""
    for number, given in enumerate(streams):
        os.dup2(given, number)
    os.closerange(3, max(streams) + 1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    os.chdir(asked["cwd"])
    sys.path[0] = asked["cwd"]
    sys.path[1:1] = filter(None, asked["env"].get("PYTHONPATH", "").split(os.pathsep))
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    sys.argv = ["coinmon", *asked["arguments"]]


def _main() -> None:
    import gc

    _import_all()
    gc.collect()
    gc.freeze()
    place = Path(sys.argv[1])
    found = _serve(place, int(sys.argv[2]))
    if found is not None:
        from coinmon.run import demo

        _become(*found)
        Forked.folder = place.parent
        demo.subprocess = forked_demos()
        runpy.run_module("coinmon", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
