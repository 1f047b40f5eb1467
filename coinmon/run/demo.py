"""`--demo`: the emulator in the background, everything else exactly as live."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from coinmon.config.load import Config
from coinmon.errors import ConfigError

_START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Demo:
    """What the emulator is to play; None leaves it to the emulator."""

    tapes: tuple[Path, ...] = ()
    scenario: str | None = None
    seed: int | None = None
    speed: float | None = None
    at: str | None = None
    faults: str | None = None
    robots: bool = False

    @property
    def has_past(self) -> bool:
        """Of a recording nothing is known before it, and what a load trades in an hour is too much."""
        return not self.tapes and not (self.scenario or "").startswith("load")

    def arguments(self) -> list[str]:
        given = {
            "--scenario": self.scenario,
            "--seed": self.seed,
            "--speed": self.speed,
            "--at": self.at,
            "--faults": self.faults,
        }
        tapes = [part for tape in self.tapes for part in ("--tape", str(tape))]
        robots = ["--robots"] if self.robots else []
        return (
            robots + tapes + [part for name, value in given.items() if value is not None for part in (name, str(value))]
        )


def past_of(config: Config) -> str | None:
    """Where the emulator behind a demo's configuration tells what was traded before; None where there is none."""
    settings = (value for each in config.exchanges.values() for value in each.settings.values())
    url = next((str(value) for value in settings if str(value).startswith("http://")), None)
    return None if url is None else f"{url.rpartition('/')[0]}/emulator/past"


@contextmanager
def emulator(demo: Demo) -> Iterator[Path]:
    """The configuration that points at a running emulator, which ends with the block; so does its database.

    It is the `coinmon emulate` command in a process of its own, so that it takes no time from the monitor's.
    """
    with TemporaryDirectory(prefix="coinmon-demo-") as folder:
        path = Path(folder, "demo.yaml")
        command = [sys.executable, "-m", "coinmon", "emulate", "--port", "0", "--write-config", str(path)]
        # a file and not a pipe: one that nobody reads would stop the emulator when it is full
        complaints = Path(folder, "emulator.err")
        with complaints.open("wb") as stderr:
            process = subprocess.Popen(
                [*command, "--until-stdin-closes", *demo.arguments()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if demo.robots else subprocess.DEVNULL,
                stderr=stderr,
                # Ctrl-C is for us: the emulator has to answer until the monitor has stopped
                start_new_session=True,
            )
        arriving = threading.Thread(target=_show_arrivals, args=(process,), daemon=True)
        if demo.robots:
            arriving.start()
        try:
            # what comes next needs it, and the emulator takes a second to start
            import_module("coinmon.run.monitor")
            _await_file(path, process, complaints)
            yield path
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if demo.robots:
                arriving.join(5)


def _show_arrivals(process: "subprocess.Popen[bytes]") -> None:
    """What robots of the emulator print, on standard error as it is now: a live table may stand before it."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(b"robot "):
            sys.stderr.write(line.decode("utf-8", "replace"))


def _await_file(path: Path, process: "subprocess.Popen[bytes]", complaints: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not path.exists():
        if process.poll() is not None:
            lines = complaints.read_text("utf-8", "replace").strip().splitlines()
            raise ConfigError(f"--demo: {lines[-1] if lines else f'the emulator ended with {process.returncode}'}")
        if time.monotonic() > deadline:
            raise ConfigError(f"--demo: the emulator did not start within {_START_SECONDS:.0f} s")
        time.sleep(0.01)
