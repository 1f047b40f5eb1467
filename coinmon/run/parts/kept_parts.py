"""Parts of replays kept in a folder: whole files or none, of a bounded size, those that nobody asked for go first."""

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from loguru import logger

from coinmon.run.parts.part_record import NotWhole, packed, unpacked
from coinmon.run.parts.replay_parts import PlayedPart
from coinmon.run.parts.stored_rows import StoredRows
from coinmon.run.parts.traced_rows import Trace

_SHELVES = 16
"""Folders in the folder, by the key's first digit: each is bounded by itself, so that a writer looks at one."""
_ABANDONED_S = 3600.0
"""Age of an unfinished file from which on nobody is writing it any more."""


@dataclass(frozen=True, slots=True)
class KeptParts:
    """max_bytes: of all files together. Several processes may read and write it at once."""

    folder: Path
    max_bytes: int

    def take(self, key: str, rows: StoredRows) -> PlayedPart | None:
        """What is kept under the key, if all that it was computed from is as it was."""
        path = self._path(key)
        try:
            part, trace = unpacked(path.read_bytes())
            if not trace.holds(rows):
                return None
        except OSError:
            return None
        except (NotWhole, TypeError, ValueError, KeyError) as error:
            logger.debug("{}: computed anew, for the file is broken: {}", path, error)
            path.unlink(missing_ok=True)
            return None
        with suppress(OSError):
            # when it was last of use
            os.utime(path)
        return part

    def keep(self, key: str, part: PlayedPart, trace: Trace) -> None:
        """Raises OSError where nothing can be written."""
        path, data = self._path(key), packed(part, trace)
        partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(data)
            partial.replace(path)
        except OSError:
            partial.unlink(missing_ok=True)
            raise
        _bound(path.parent, self.max_bytes // _SHELVES, path)

    def _path(self, key: str) -> Path:
        return self.folder / key[0] / f"{key}.part"


def _bound(shelf: Path, most: int, newest: Path) -> None:
    """Delete what was not of use for the longest time until the rest fits; what was written just now stays."""
    now, found = time.time(), []
    for each in shelf.iterdir():
        # others delete too
        with suppress(FileNotFoundError):
            state = each.stat()
            if each.suffix == ".partial" and now - state.st_mtime > _ABANDONED_S:
                each.unlink()
            elif each.suffix == ".part" and each != newest:
                found.append((state.st_mtime_ns, state.st_size, each))
    left = most - newest.stat().st_size
    for _, size, each in sorted(found, reverse=True):
        left -= size
        if left < 0:
            each.unlink(missing_ok=True)
