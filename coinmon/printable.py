"""Text of others that may be shown on a terminal and in a log: without characters that command either, or are none."""

import re
from collections.abc import Mapping
from typing import Any

# C0 without tab and line feed, DEL, C1; line and paragraph separators; overrides and isolates of the writing direction;
# halves of characters, which no encoding has: neither a terminal nor a database takes them
_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """The text with � in place of what would move the cursor, colour the screen, ring, or turn the line around."""
    return _COMMANDS.sub("\ufffd", text)


def printable_document(document: Any) -> Any:
    """A JSON document with `printable` texts and keys."""
    if isinstance(document, str):
        return printable(document)
    if isinstance(document, Mapping):
        return {printable_document(key): printable_document(each) for key, each in document.items()}
    return [printable_document(each) for each in document] if isinstance(document, list | tuple) else document


def is_printable(text: str) -> bool:
    return _COMMANDS.search(text) is None
