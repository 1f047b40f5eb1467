"""The lines of a recording: what came and went as JSON, byte for byte where it is JSON itself."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import orjson

from coinmon.secrets import HIDDEN, redacted

_SECRET_NAME = re.compile(r"(?i)key|token|sign|secret|pass|pwd|auth|credential")
_HEADERS = ("Retry-After", "Date")
_COUNTER = re.compile(r"(?i)weight|ratelimit|rate-limit|limit-status")
"""Headers that tell how much of a budget was used."""


def source_line(number: int, at: int, type_: str, url: str, method: str = "", *, continued: bool = False) -> bytes:
    """Begins a source: a connection (`stream`) or a kind of request (`request`). at: ms UTC."""
    said: dict[str, Any] = {"source": number, "at": at, "type": type_}
    if method:
        said["method"] = method
    said["url"] = url
    if continued:
        said["continued"] = True
    return orjson.dumps(said) + b"\n"


def frame_line(at: int, number: int, text: str, *, sent: bool = False) -> bytes:
    body = body_of(text.encode(errors="replace")) if not sent else body_of(without_secrets(text).encode())
    return b"[%d,%d,%b%b]\n" % (at, number, body, b',"sent"' if sent else b"")


def closed_line(at: int, number: int, why: str) -> bytes:
    return b'[%d,%d,%b,"closed"]\n' % (at, number, orjson.dumps(redacted(why)))


def answer_line(at: int, number: int, body: bytes | None, about: Mapping[str, Any]) -> bytes:
    """body: None where no answer came."""
    raw = b"null" if body is None else body_of(body, keep=False)
    told = dict(about)
    if raw[:1] == b'"':
        told["body"] = "text"
    return b"[%d,%d,%b,%b]\n" % (at, number, raw, orjson.dumps(told))


def body_of(text: bytes, *, keep: bool = True) -> bytes:
    """The text itself where it is a JSON object or list on one line, else the text as a JSON string.

    keep: what is no JSON is a venue's word too; else it may be a proxy's page, and is redacted.
    """
    stripped = text.strip()
    if stripped[:1] in (b"{", b"[") and b"\n" not in stripped and b"\r" not in stripped:
        try:
            orjson.loads(stripped)
            return stripped
        except orjson.JSONDecodeError:
            pass
    words = text.decode(errors="replace")
    return orjson.dumps(words if keep or stripped[:1] in (b"{", b"[") else redacted(words))


def told_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """What of an answer's headers says something about the market's host: pauses, its clock, used budgets."""
    told = {name: value for name in _HEADERS if (value := headers.get(name))}
    kind = headers.get("Content-Type", "")
    if kind and "json" not in kind:
        told["Content-Type"] = kind
    told.update({str(name): value for name, value in headers.items() if _COUNTER.search(name)})
    return told


def split_url(url: str) -> tuple[str, str]:
    """A URL without its query and without a user, and the query without secrets."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return redacted(urlunsplit((parts.scheme, place, parts.path, "", ""))), _hidden_query(parts.query)


def _hidden_query(query: str) -> str:
    shown = []
    for part in query.split("&") if query else []:
        name, equals, value = part.partition("=")
        shown.append(f"{name}{equals}{HIDDEN if value and _SECRET_NAME.search(name) else value}")
    return redacted("&".join(shown))


def without_secrets(text: str) -> str:
    """What we send, with the values of secret names hidden; what is no JSON object by its look alone."""
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError:
        return redacted(text)
    hidden = _hidden(said)
    return text if hidden == said else orjson.dumps(hidden).decode()


def _hidden(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _hidden(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_hidden(each, name) for each in value]
    if value and isinstance(value, str | int | float) and _SECRET_NAME.search(name):
        return HIDDEN
    return redacted(value) if isinstance(value, str) else value
