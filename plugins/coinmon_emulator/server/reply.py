"""What an endpoint answers, and how it refuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

Query = Mapping[str, str]
# Larger times and ids mean "beyond everything", and must not overflow anybody's arithmetic.
LARGEST = 1 << 53


def asked(path: str, pairs: Iterable[tuple[str, str]], sent: bytes) -> tuple[str, dict[str, str]]:
    """Where a request goes and what it asks: its query, and the members of a body that is a JSON object.

    A member of a member is named as `req.coin`, and what is no string is its JSON. At a venue with one path for
    everything the body's type belongs to the place: `/info:recentTrades`.
    """
    query = dict(pairs)
    try:
        body = orjson.loads(sent) if sent else None
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        return path, query
    for name, value in body.items():
        members = value.items() if isinstance(value, dict) else ()
        query |= {f"{name}.{member}": _text(each) for member, each in members} if members else {name: _text(value)}
    return (f"{path}:{query['type']}" if "type" in query else path), query


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


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
