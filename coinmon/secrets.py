"""Hiding what must not be read over a shoulder: passwords, tokens and robot addresses in any text."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

HIDDEN = "***"

_NAMES = r"(?:access_)?token|key|api_?key|sign(?:ature)?|secret|pass(?:word|wd)?|pwd"
_PATTERNS = (
    (re.compile(r"(?<=://)[^/\s?#\"']+@"), f"{HIDDEN}@"),
    (re.compile(r"[^\s/:@\"']{1,200}:[^\s/@\"']{1,200}@(?=[\w\[])"), f"{HIDDEN}@"),
    (re.compile(rf"(?i)\b({_NAMES})=[^&\s\"'#,;)\]}}]+"), rf"\1={HIDDEN}"),
    (re.compile(rf"(?i)([\"'](?:{_NAMES}|webhook)[\"']\s*:\s*[\"'])[^\"']+"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)\b(authorization\W{1,4}\w+\s+|bearer\s+(?=\S{12}))[\w.~+/=-]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(?<![\d:])\d{6,12}:[A-Za-z0-9_-]{30,}"), HIDDEN),
    (re.compile(r"\bSEC[0-9a-fA-F]{16,}\b"), HIDDEN),
    (re.compile(r"(/(?:hook|hooks|webhooks|services)/)[\w./-]+"), rf"\1{HIDDEN}"),
)
_SECRET_KEY = re.compile(r"(?i)(?:^|_)(secret|token|password|passwd|webhook|apikey|api_key|private_key)s?$")


def redacted(text: str) -> str:
    """The text without user:password in URLs, tokens and signatures in queries, and robots' own tokens."""
    for pattern, shown in _PATTERNS:
        text = pattern.sub(shown, text)
    return text


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
