"""One process of the chaos campaign, and what it says, when by the true clock."""

import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Life:
    """One process. started: by the true clock. said: lines of its log, each with the true time at which it came."""

    process: subprocess.Popen[bytes]
    out: Path
    err: Path
    started: float
    serves: int | None = None
    said: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        with self.err.open("wb", buffering=0) as log:
            for line in self.process.stderr:
                self.said.append((time.time(), line.decode(errors="replace").rstrip()))
                log.write(line)
