"""Hiding what must not be read over a shoulder: passwords, tokens and robot addresses in any text.

Two nets: what the configuration of this process has as secrets is hidden wherever it turns up, whatever characters it
is made of (`remember`); and what looks like a secret is, wherever it comes from.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from coinmon.printable import printable

HIDDEN = "***"

_MIN_SECRET_CHARS = 4
"""Characters: shorter ones are everywhere in any text."""
_MIN_WORD_CHARS = 12
"""A secret of letters alone is a word of other sentences too, unless it is this long."""
_known: set[str] = set()

_NAMES = r"(?:access_)?token|key|api_?key|sign(?:ature)?|secret|pass(?:word|wd)?|pwd"
_PATTERNS = (
    (re.compile(r"(?<=://)[^/\s?#\"']+@"), f"{HIDDEN}@"),
    # a password with a slash, a blank or a quote, as people write them: up to the last @ before the host
    (re.compile(r"(?<=://)[^@\n:/]{1,200}:(?:(?!://)[^\n]){1,200}@(?=[\w\[.-])"), f"{HIDDEN}@"),
    (re.compile(r"[^\s/:@\"']{1,200}:[^\s/@\"']{1,200}@(?=[\w\[])"), f"{HIDDEN}@"),
    (re.compile(rf"(?i)\b({_NAMES})=[^&\s\"'#,;)\]}}]+"), rf"\1={HIDDEN}"),
    (re.compile(rf"(?i)([\"'](?:{_NAMES}|webhook)[\"']\s*:\s*[\"'])[^\"']+"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)\b(authorization\W{1,4}\w+\s+|bearer\s+(?=\S{12}))[\w.~+/=-]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(?<![\d:])\d{6,12}:[A-Za-z0-9_-]{30,}"), HIDDEN),
    (re.compile(r"\bSEC[0-9a-fA-F]{16,}\b"), HIDDEN),
    (re.compile(r"(/(?:hook|hooks|webhooks|services)/)[\w./-]+"), rf"\1{HIDDEN}"),
)
_SECRET_KEY = re.compile(r"(?i)(?:^|_)(secret|token|password|passwd|pass|pwd|webhook|apikey|api_key|private_key)s?$")


def remember(secret: str) -> None:
    """Hide this text from now on, as it is and as URLs spell it."""
    for spelt in {secret, unquote(secret), unquote_plus(secret), quote(secret, safe=""), quote_plus(secret)}:
        for each in {spelt, spelt.strip(), repr(spelt)[1:-1], _json(spelt)}:
            if len(each) >= _MIN_SECRET_CHARS and (len(each) >= _MIN_WORD_CHARS or not each.isalpha()):
                _known.add(each)


def remember_url(url: str) -> None:
    """Hide the passwords of a URL of any kind: of its user, and in its query (libpq's form)."""
    rest = url.partition("://")[2] or url
    before, at, _ = rest.rpartition("@")
    if at:
        # the user may be no secret, and the password is all that follows the first colon
        _user, colon, password = before.partition(":")
        remember(password if colon else before)
    for part in rest.partition("?")[2].split("&"):
        name, _, value = part.partition("=")
        if value and (_SECRET_KEY.search(name) or re.fullmatch(rf"(?i){_NAMES}", name)):
            remember(value)


def remember_all(values: Any, key: str = "") -> None:
    """Hide every secret in a configuration: by its key, and in every URL."""
    if isinstance(values, Mapping):
        for name, each in values.items():
            remember_all(each, str(name))
    elif isinstance(values, str):
        if _SECRET_KEY.search(key):
            remember(values)
            for part in _tokens(values):
                remember(part)
        if "://" in values or "@" in values:
            remember_url(values)
    elif isinstance(values, Sequence):
        for each in values:
            remember_all(each, key)


def _tokens(address: str) -> Iterator[str]:
    """What is secret in a robot's address: values of its query, and long parts of its path."""
    if "://" in address:
        place, _, query = address.partition("://")[2].partition("?")
        # behind the host, which is no secret
        path = place.rpartition("@")[2].partition("/")[2]
        yield from (part.partition("=")[2] for part in query.split("&") if len(part.partition("=")[2]) >= 8)
        yield from (part for part in re.split(r"[/:]", path) if len(part) >= 8)


def _json(text: str) -> str:
    return "".join(f"\\u{ord(char):04x}" if not char.isascii() else char for char in text).replace('"', '\\"')


def redacted(text: str) -> str:
    """The text without known secrets, user:password in URLs, tokens and signatures in queries, and robots' tokens.

    It can be shown on a terminal: what would command one is not in it either.
    """
    for secret in sorted(_known, key=len, reverse=True):
        if secret in text:
            text = text.replace(secret, HIDDEN)
    for pattern, shown in _PATTERNS:
        text = pattern.sub(shown, text)
    return printable(text)


def shown(value: Any, key: str = "") -> Any:
    """A setting as it may be shown: JSON-ready, with `***` for what is secret by its type or by its key."""
    if hasattr(value, "get_secret_value") or (value and isinstance(value, str) and _SECRET_KEY.search(key)):
        return HIDDEN
    if hasattr(value, "model_dump"):
        return {name: shown(getattr(value, name), name) for name in type(value).model_fields}
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Mapping):
        return {str(name): shown(each, str(name)) for name, each in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(shown(each, key) for each in value)
    if isinstance(value, Sequence):
        return [shown(each, key) for each in value]
    return value if value is None or isinstance(value, bool | int | float) else redacted(str(value))
