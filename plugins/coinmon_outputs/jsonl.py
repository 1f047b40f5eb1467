"""Events as JSON lines in a file."""

import asyncio
import json
import os
from pathlib import Path
from threading import Lock
from typing import Annotated, Any

from pydantic import Field

from coinmon.output import DeliveryRefused, DeliveryRetry, Message, hookimpl


class JsonLines:
    """Appends every event as one JSON object a line to a file, for other programs to follow.

    The objects are those of `coinmon scan --json`, each with its `id`. Signals and whales are on disk when they count
    as delivered. A line that a kill left half written stays alone on its line; the next event begins a fresh one.
    """

    default = False
    wants = frozenset({"scan_started", "venue", "flow", "whale", "signal", "signal_ended", "scan_finished"})

    def __init__(
        self,
        name: str,
        *,
        path: Annotated[Path, Field(description="the file; it and its folders are made when missing")] = Path(
            "data/events.jsonl"
        ),
    ) -> None:
        self._path = path
        self._one_at_a_time = Lock()

    async def send(self, message: Message) -> None:
        try:
            text = json.dumps({"id": message.id, **message.event}, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise DeliveryRefused(f"event {message.id} is not JSON: {error}") from None
        durable = message.event.get("event") in ("signal", "signal_ended", "whale")
        try:
            await asyncio.to_thread(self._append, text.encode() + b"\n", durable)
        except OSError as error:
            raise DeliveryRetry(f"{self._path}: {error.strerror or error}") from error

    def _append(self, row: bytes, durable: bool) -> None:
        with self._one_at_a_time:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # unbuffered, so that a row reaches the kernel in one write and rows of two processes do not mix
            with self._path.open("a+b", buffering=0) as file:
                size = file.seek(0, os.SEEK_END)
                if size:
                    file.seek(size - 1)
                    row = row if file.read(1) == b"\n" else b"\n" + row
                written = file.write(row)
                if written != len(row):
                    raise OSError(f"only {written} of {len(row)} bytes could be written")
                if durable:
                    os.fsync(file.fileno())


@hookimpl
def register_outputs(register: Any) -> None:
    register("jsonl", JsonLines)
