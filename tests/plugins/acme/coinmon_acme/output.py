"""Messages into a file."""

import json
from pathlib import Path
from typing import Any

from coinmon import DeliveryRefused, Message, hookimpl


class AcmeFile:
    """Appends each message to a file as a line of JSON."""

    wants = frozenset({"signal", "whale"})

    def __init__(self, name: str, *, path: Path) -> None:
        self._path = path

    async def send(self, message: Message) -> None:
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"id": message.id, **message.event}, ensure_ascii=False) + "\n")
        except OSError as error:
            raise DeliveryRefused(f"{self._path}: {error.strerror}") from error


@hookimpl
def register_outputs(register: Any) -> None:
    register("acme_file", AcmeFile)
