"""What a rule says: texts with expressions in braces, in both languages."""

import re
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from coinmon_rules._nodes import Moments, Node
from coinmon_rules._values import Column
from coinmon_rules._written.grammar import RuleFault

_FORMAT = re.compile(r"(?P<sign>\+?)(?P<comma>,?)(?:\.(?P<digits>\d{1,2}))?(?P<way>compact|pct|)")
_SCALES = ((1e9, "B"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True, slots=True)
class TextPieces:
    """Text, and between its pieces the expressions with their formats."""

    pieces: Sequence[str]
    parts: Sequence[tuple[Node, str]]

    def at(self, moments: Moments) -> str:
        text = self.pieces[0]
        for (node, form), piece in zip(self.parts, self.pieces[1:], strict=True):
            found = node.of(moments, 0)
            assert isinstance(found, Column)
            text += shown(found.figures[-1], form) + piece
        return text


def said(text: str, compiled: Callable[[str], Node]) -> TextPieces:
    """A text ready to be said. Raises RuleFault with the place in the text."""
    pieces, parts, at = [""], [], 0
    try:
        found = list(string.Formatter().parse(text))
    except ValueError as error:
        raise RuleFault(f"{error}: an expression stands in braces, {{...}}; a brace itself is written twice") from None
    for literal, expression, form, conversion in found:
        pieces[-1] += literal
        at += len(literal)
        if expression is None:
            continue
        if conversion or not _FORMAT.fullmatch(form or ""):
            raise RuleFault(
                f"{form or conversion!r} is no format; there are compact, pct, .2 (decimals), a comma for thousands, "
                "and + in front",
                at,
            )
        try:
            node = compiled(expression)
        except RuleFault as error:
            raise RuleFault(str(error), at + 1 + error.at) from None
        if node.many:
            raise RuleFault("it is several values: sum(...), max(...) or one venue makes one of it", at + 1)
        parts.append((node, form or ""))
        pieces.append("")
        at += len(expression) + len(form or "") + 2
    return TextPieces(pieces, parts)


def shown(value: object, form: str = "") -> str:
    """A figure in words; - where it is unknown."""
    if value is None or isinstance(value, str):
        return "-" if value is None else value
    number = float(value)  # type: ignore[arg-type]
    if number != number:
        return "-"
    match = _FORMAT.fullmatch(form)
    assert match
    sign, digits = match["sign"], match["digits"]
    if match["way"] == "compact":
        scale, letter = next(((scale, letter) for scale, letter in _SCALES if abs(number) >= scale), (1.0, ""))
        return f"{number / scale:{sign}.{digits or (2 if letter else 0)}f}{letter}"
    if match["way"] == "pct":
        return f"{number:{sign}.{digits or 2}f}%"
    if digits is not None:
        return f"{number:{sign}{match['comma']}.{digits}f}"
    return f"{number:{sign},.6g}" if abs(number) < 1e15 else f"{number:{sign}.6g}"
