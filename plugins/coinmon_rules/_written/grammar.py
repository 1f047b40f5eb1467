"""The expressions of rules: their grammar, and from text to nodes that know where they stand."""

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput, UnexpectedToken, v_args
from lark.exceptions import VisitError

from coinmon_rules._written.synonyms import synonym

MAX_LENGTH, MAX_DEPTH = 2_000, 40
"""Characters of an expression, and how deep it may be nested."""

_GRAMMAR = r"""
?start: either
?either: both ("or" both)*                -> either
?both: negated ("and" negated)*           -> both
?negated: "not" negated                   -> negation
    | comparison
?comparison: sum (COMPARES sum)*          -> comparison
?sum: product (ADDS product)*             -> operation
?product: signed (TIMES signed)*          -> operation
?signed: ADDS signed                      -> sign
    | atom
?atom: NUMBER                             -> number
    | DURATION                            -> duration
    | TEXT                                -> text
    | "true"                              -> true
    | "false"                             -> false
    | "(" either ")"                      -> inside
    | reference
reference: NAME settings? arguments? step*
settings: "[" setting ("," setting)* "]"
setting: NAME "=" either
arguments: "(" [either ("," either)*] ")"
step: "." NAME item?
item: "[" (NAME | TEXT) "]"

NUMBER.2: /(\d[\d_]*\.?\d*|\.\d+)([eE][+-]?\d+)?(k|mn|bn)?(?![\w.])/
DURATION.3: /\d+(m|h|d)(?!\w)/
TEXT: /"[^"\n]*"|'[^'\n]*'/
COMPARES: "<=" | ">=" | "==" | "!=" | "<" | ">"
ADDS: "+" | "-"
TIMES: "*" | "/"
NAME: /[A-Za-z_][A-Za-z0-9_]*/
COMMENT: /#[^\n]*/
%import common.WS
%ignore WS
%ignore COMMENT
"""
_TIMES = {"k": 1e3, "mn": 1e6, "bn": 1e9}
_MINUTES = {"m": 1, "h": 60, "d": 1440}


class RuleFault(Exception):
    """What is wrong with an expression, and how it is put right. at: character of the text that it is about."""

    def __init__(self, text: str, at: int = 0) -> None:
        super().__init__(text)
        self.at = at


@dataclass(frozen=True, slots=True)
class Written:
    """A part of an expression as it was written. start, end: characters of the text. depth: of its nesting."""

    kind: str
    start: int
    end: int
    value: Any = None
    parts: "tuple[Written, ...]" = ()
    depth: int = 1


@dataclass(frozen=True, slots=True)
class PathStep:
    """`.name` after a reference, with what stands in brackets after it."""

    name: str
    start: int
    item: str | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """name[settings](arguments).step.step; arguments None: there are no parentheses."""

    name: str
    settings: dict[str, Written] = field(default_factory=dict)
    arguments: tuple[Written, ...] | None = None
    steps: tuple[PathStep, ...] = ()


def parse(text: str) -> Written:
    """Raises RuleFault."""
    if len(text) > MAX_LENGTH:
        raise RuleFault(f"{len(text)} characters; at most {MAX_LENGTH}: make two rules of it", MAX_LENGTH)
    if not text.strip():
        raise RuleFault("nothing is written; a condition such as net_flow(spot).zscore > 2 is expected")
    deep = 0
    for at, character in enumerate(text):
        deep += (character in "([") - (character in ")]")
        if deep > MAX_DEPTH:
            raise RuleFault(f"nested more than {MAX_DEPTH} deep", at)
    if found := _NEGATIONS.search(text):
        raise RuleFault(f"nested more than {MAX_DEPTH} deep", found.start())
    try:
        made = _Builder().transform(_parser().parse(text))
    except RecursionError:
        raise RuleFault(f"nested more than {MAX_DEPTH} deep", len(text)) from None
    except UnexpectedInput as error:
        raise _unexpected(text, error) from None
    except VisitError as error:
        if isinstance(error.orig_exc, RuleFault):
            raise error.orig_exc from None
        raise
    assert isinstance(made, Written)
    return made


_NEGATIONS = re.compile(r"(?:(?:\bnot\b|[-+])\s*){41}")


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", propagate_positions=True, maybe_placeholders=False)


@v_args(meta=True)
class _Builder(Transformer[Token, Any]):
    """Each rule of the grammar made into a node."""

    def _many(self, kind: str, meta: Any, parts: list[Any], value: Any = None) -> Written:
        if len(parts) == 1 and isinstance(parts[0], Written):
            return parts[0]
        nodes = tuple(each for each in parts if isinstance(each, Written))
        depth = 1 + max(each.depth for each in nodes)
        if depth > MAX_DEPTH:
            raise RuleFault(f"nested more than {MAX_DEPTH} deep", meta.start_pos)
        return Written(kind, meta.start_pos, meta.end_pos, value, nodes, depth)

    def either(self, meta: Any, parts: list[Any]) -> Written:
        return self._many("or", meta, parts)

    def both(self, meta: Any, parts: list[Any]) -> Written:
        return self._many("and", meta, parts)

    def negation(self, meta: Any, parts: list[Any]) -> Written:
        return Written("not", meta.start_pos, meta.end_pos, None, tuple(parts), parts[0].depth + 1)

    def comparison(self, meta: Any, parts: list[Any]) -> Written:
        return self._many("compare", meta, parts, tuple(str(each) for each in parts if isinstance(each, Token)))

    def operation(self, meta: Any, parts: list[Any]) -> Written:
        return self._many("operate", meta, parts, tuple(str(each) for each in parts if isinstance(each, Token)))

    def sign(self, meta: Any, parts: list[Any]) -> Written:
        sign, of = parts
        return Written("minus" if sign == "-" else "plus", meta.start_pos, meta.end_pos, None, (of,), of.depth + 1)

    def number(self, meta: Any, parts: list[Any]) -> Written:
        match = re.fullmatch(r"(.*?)(k|mn|bn)?", str(parts[0]))
        assert match
        value = float(match[1].replace("_", "")) * _TIMES.get(match[2], 1.0)
        if value > 1e300:
            raise RuleFault(f"{parts[0]} is too large a number", meta.start_pos)
        return Written("number", meta.start_pos, meta.end_pos, value)

    def duration(self, meta: Any, parts: list[Any]) -> Written:
        text = str(parts[0])
        return Written("duration", meta.start_pos, meta.end_pos, int(text[:-1][:9]) * _MINUTES[text[-1]])

    def text(self, meta: Any, parts: list[Any]) -> Written:
        return Written("text", meta.start_pos, meta.end_pos, str(parts[0])[1:-1])

    def true(self, meta: Any, parts: list[Any]) -> Written:
        return Written("flag", meta.start_pos, meta.end_pos, True)

    def false(self, meta: Any, parts: list[Any]) -> Written:
        return Written("flag", meta.start_pos, meta.end_pos, False)

    def inside(self, meta: Any, parts: list[Any]) -> Written:
        (of,) = parts
        return Written(of.kind, of.start, of.end, of.value, of.parts, of.depth)

    def settings(self, meta: Any, parts: list[Any]) -> dict[str, Written]:
        found: dict[str, Written] = {}
        for name, value in parts:
            if name in found:
                raise RuleFault(f"{name} is set twice", value.start)
            found[name] = value
        return found

    def setting(self, meta: Any, parts: list[Any]) -> tuple[str, Written]:
        return str(parts[0]), parts[1]

    def arguments(self, meta: Any, parts: list[Any]) -> tuple[Written, ...]:
        return tuple(parts)

    def item(self, meta: Any, parts: list[Any]) -> str:
        text = str(parts[0])
        return text[1:-1] if text[0] in "\"'" else text

    def step(self, meta: Any, parts: list[Any]) -> PathStep:
        return PathStep(str(parts[0]), meta.start_pos, parts[1] if len(parts) > 1 else None)

    def reference(self, meta: Any, parts: list[Any]) -> Written:
        settings: dict[str, Written] = next((each for each in parts if isinstance(each, dict)), {})
        arguments = next((each for each in parts if isinstance(each, tuple)), None)
        steps = tuple(each for each in parts if isinstance(each, PathStep))
        depth = 1 + max((each.depth for each in [*(arguments or ()), *settings.values()]), default=0)
        if depth > MAX_DEPTH:
            raise RuleFault(f"nested more than {MAX_DEPTH} deep", meta.start_pos)
        of = Reference(str(parts[0]), settings, arguments, steps)
        return Written("reference", meta.start_pos, meta.end_pos, of, (), depth)


_CURES = (
    (r"&&?", "write and"),
    (r"\|\|?", "write or"),
    (r"!(?!=)", "write not"),
    (r"[≥＞]=?", "write >= or >"),
    (r"[≤＜]=?", "write <= or <"),
    (r"≠|<>", "write !="),
    (r"[（）［］，．：％＝＋－＊／]", "full-width: write it in plain (ASCII) characters"),
    (r"[“”‘’]", 'write straight quotes: "'),
    (r"==+", "write =="),
    (r"=", "write == to compare; = is for settings in brackets, as in net_flow[window=15]"),
    (r"%", "write the number alone: a field that is in % is compared with 5 for 5 %"),
    (r"\$", "write the number alone: money is in the quote currency"),
    (r"\^|\*\*", "powers are not in the language; multiply"),
    (r"\?|:", "there is no ? :; two rules say it"),
    (r"[0-9.]", "a number is written 2.5, 1_000_000, 250k, 1mn or 2bn; a span of time 15m, 4h or 1d"),
)


def _unexpected(text: str, error: UnexpectedInput) -> RuleFault:
    at = error.pos_in_stream
    ended = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    if ended or at is None or at < 0 or at >= len(text):
        deep = text.count("(") - text.count(")")
        lacks = f"{deep} parenthes{'i' if deep == 1 else 'e'}s not closed: add )" if deep > 0 else "it breaks off here"
        return RuleFault(lacks, len(text.rstrip()))
    rest = text[at:]
    if isinstance(error, UnexpectedToken) and error.token.type in ("NUMBER", "DURATION"):
        return RuleFault(f"{error.token} cannot stand here; a comparison or an operator is expected before it", at)
    for pattern, cure in _CURES:
        if match := re.match(pattern, rest):
            return RuleFault(f"{match[0]!r} cannot stand here; {cure}", at)
    word = re.match(r"\w+|\S", rest)
    shown = word[0][:30] if word else rest[:1]
    if shown in {")", "]"}:
        return RuleFault(f"{shown!r} closes nothing, or something is missing before it", at)
    if shown in {"AND", "OR", "NOT", "True", "False"}:
        return RuleFault(f"{shown!r} cannot stand here; write {shown.lower()}", at)
    if shown in {"is", "equals"}:
        return RuleFault(f"{shown!r} cannot stand here; write ==", at)
    if shown in {"if", "for", "lambda", "import", "in", "then"}:
        return RuleFault(f"{shown!r} is not in the language: a condition is comparisons joined by and, or, not", at)
    if meant := synonym(shown):
        return RuleFault(f"{shown!r} cannot stand here{meant}", at)
    return RuleFault(f"{shown!r} cannot stand here; and, or, a comparison or an operator is expected before it", at)
