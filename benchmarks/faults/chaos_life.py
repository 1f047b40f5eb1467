"""One process of the chaos campaign, and what it says, when by the true clock."""

import json
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any


@dataclass
class Life:
    """One process. started: by the true clock. said: lines of its log, each with the true time at which it came.

    told: its events likewise. out, err: files that both are kept in. replaced: it was stopped while another took its
    place.
    """

    process: subprocess.Popen[bytes]
    out: Path
    err: Path
    started: float
    serves: int | None = None
    replaced: bool = False
    said: list[tuple[float, str]] = field(default_factory=list)
    told: list[tuple[float, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for stream, path, take in (
            (self.process.stderr, self.err, self._hear),
            (self.process.stdout, self.out, self._take),
        ):
            assert stream is not None
            threading.Thread(target=self._listen, args=(stream, path, take), daemon=True).start()

    def _listen(self, stream: IO[bytes], path: Path, take: Callable[[bytes], None]) -> None:
        with path.open("wb", buffering=0) as file:
            for line in stream:
                take(line.rstrip())
                file.write(line)

    def _hear(self, line: bytes) -> None:
        self.said.append((time.time(), line.decode(errors="replace")))

    def _take(self, line: bytes) -> None:
        # not the line in which it was killed
        if line.startswith(b"{") and line.endswith(b"}"):
            self.told.append((time.time(), json.loads(line)))

    def events(self, kind: str) -> list[tuple[float, dict[str, Any]]]:
        """What it told of this kind, each with its true time."""
        return [(at, event) for at, event in self.told if event.get("event") == kind]
