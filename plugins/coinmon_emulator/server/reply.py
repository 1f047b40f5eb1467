"""What an endpoint answers, and how it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Query = Mapping[str, str]
# Larger times and ids mean "beyond everything", and must not overflow anybody's arithmetic.
LARGEST = 1 << 53


@dataclass(slots=True)
class Reply:
    """A status and a body: a JSON value, or ready bytes with their content type."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


class Refusal(Exception):
    """An answer that ends the work on a request."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.body)
        self.reply = reply
