"""Markdown for readers without it."""

import re

_HEADING = re.compile(r"^#{1,6} +", re.MULTILINE)
_QUOTE = re.compile(r"^> ?", re.MULTILINE)


def without_markdown(text: str) -> str:
    """The same lines without headings' marks, bold and quotes."""
    return _QUOTE.sub("  ", _HEADING.sub("", text)).replace("**", "")
