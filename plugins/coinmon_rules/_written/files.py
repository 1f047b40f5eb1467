"""Rules files: YAML whose every value knows its line and column."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

MAX_RULES = 5_000


class RulesFileFault(Exception):
    """A line for whoever wrote the file: where, what, and what was expected."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A value of a file. text: as it stands there, for a scalar."""

    file: str
    line: int
    column: int
    value: Any
    node: yaml.Node

    def place(self, at: int = 0) -> str:
        """Where the character `at` of its text is: file, line and column."""
        line, column = self.line, self.column
        if isinstance(self.node, yaml.ScalarNode):
            if self.node.style in ("|", ">") or self.node.end_mark.line > self.node.start_mark.line:
                line, column = self._in_lines(self.node, at)
            else:
                column += at + (self.node.style is not None)
        return f"{self.file}, line {line}, column {column}"

    def _in_lines(self, node: yaml.ScalarNode, at: int) -> tuple[int, int]:
        """Of a text of several lines, which YAML joined with a blank or a newline each."""
        block = node.style in ("|", ">")
        lines = (self.node.start_mark.buffer or "").rstrip("\0").split("\n")
        first = self.node.start_mark.line + block
        base = len(lines[first]) - len(lines[first].lstrip()) if block and first < len(lines) else 0
        start = base if block else node.start_mark.column + (node.style is not None)
        for number in range(first, min(len(lines), self.node.end_mark.line + 1)):
            text = lines[number][start:]
            # a block keeps what is indented further
            text = text.rstrip() if block else text.strip()
            if at <= len(text):
                return number + 1, lines[number].index(text, start) + at + 1
            at -= len(text) + 1
            start = base
        return self.line, self.column

    def entries(self) -> "Iterator[tuple[Entry, Entry]]":
        """Keys and values of a mapping."""
        assert isinstance(self.node, yaml.MappingNode)
        for key, value in self.node.value:
            yield entry(self.file, key), entry(self.file, value)

    def elements(self) -> "Iterator[Entry]":
        """Elements of a list."""
        if isinstance(self.node, yaml.SequenceNode):
            for each in self.node.value:
                yield entry(self.file, each)

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.node, yaml.MappingNode)


def entry(file: str, node: yaml.Node) -> Entry:
    return Entry(file, node.start_mark.line + 1, node.start_mark.column + 1, _value(node), node)


def rules_of(file: str, text: str, *, alone: bool) -> Mapping[str, Entry]:
    """The rules in a file by name; alone: it holds rules only, with or without the key `rules`.

    Raises RulesFileFault.
    """
    try:
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise RulesFileFault(f"{file}{where}: {error.problem or error.context}{_hint(error)}") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise RulesFileFault(f"{file}: {' '.join(str(error).split())[:200] or 'not YAML'}") from None
    if root is None:
        return {}
    whole = entry(file, root)
    if not whole.is_mapping:
        raise RulesFileFault(f"{whole.place()}: expected rules by name, as in `my_rule:` and below it `when: ...`")
    inner = [value for key, value in whole.entries() if key.value == "rules"]
    if not inner and not alone:
        return {}
    section = inner[0] if inner else whole
    if section.value is None and not section.is_mapping:
        return {}
    if not section.is_mapping:
        raise RulesFileFault(f"{section.place()}: rules: expected rules by name, each with `when: ...` below it")
    found: dict[str, Entry] = {}
    for key, value in section.entries():
        name = str(key.value)
        if name in found:
            raise RulesFileFault(f"{key.place()}: rule {name} is there twice, first in line {found[name].line}")
        found[name] = value
        if len(found) > MAX_RULES:
            raise RulesFileFault(f"{key.place()}: more than {MAX_RULES:,} rules")
    return found


def _value(node: yaml.Node) -> Any:
    if not isinstance(node, yaml.ScalarNode):
        return None
    if node.tag in ("tag:yaml.org,2002:null", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:float"):
        return yaml.SafeLoader("").construct_object(node)
    if node.tag == "tag:yaml.org,2002:int" and node.value.lstrip("+-").isdigit():
        return int(node.value)
    return node.value


def _hint(error: yaml.MarkedYAMLError) -> str:
    if "mapping values are not allowed" in str(error.problem):
        return "; a text that holds a colon and a blank stands in quotes"
    if "expected ',' or '}'" in str(error.problem):
        return "; inside { } a condition stands in quotes"
    if "found character" in str(error.problem) and "\\t" in str(error.problem):
        return "; indent with blanks, not with tabs"
    return ""
