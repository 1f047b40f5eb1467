"""Whether a page shows what a command prints. The clock of a demo runs: what it changes is left out of account here."""

import re

_VARIES = (
    (r"\d{4}-\d{2}-\d{2}[T ][\d:.]+Z?", "TIME"),
    # another minute has other noise: curves, changes in percent, flows below a thousand
    (r"[▁-█]+", "CURVE"),
    (r"[+-][\d.]+ ?%", "PERCENT"),
    (r"(?<=\s)[+-]?\d{1,3}(?=\s)|(?<=\s)-(?=\s)", "SMALL"),
    (r"\s+", " "),
)
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_TOLERANCE = 0.05
"""Of figures of another minute."""


def is_shown(shown: str, printed: str) -> bool:
    """Whether the lines that are shown are printed, in their order and with nothing between them but where it says
    `...`: a line of it is any number of lines, in a line it is any text."""
    rest = [_same(line) for line in printed.splitlines()]
    skips, at = False, 0
    for line in (each.strip() for each in shown.splitlines()):
        if line == "...":
            skips = True
            continue
        until = len(rest) if skips or at == 0 else min(at + 1, len(rest))
        found = next((number for number in range(at, until) if _is_line(_same(line), rest[number])), None)
        if found is None:
            return False
        skips, at = False, found + 1
    return True


def _same(line: str) -> str:
    for pattern, name in _VARIES:
        line = re.sub(pattern, name, f" {line.strip()} " if name != " " else line)
    return line.strip()


def _is_line(shown: str, printed: str) -> bool:
    words = ".*".join(
        "NUMBER".join(re.escape(part) for part in _NUMBER.split(each)) for each in re.split(r"\s*\.\.\.\s*", shown)
    )
    found = re.fullmatch(words.replace("NUMBER", f"({_NUMBER.pattern})"), printed)
    told = (float(each.replace(",", "")) for each in _NUMBER.findall(shown))
    return found is not None and all(
        abs(one - float(other.replace(",", ""))) <= _TOLERANCE * abs(one)
        for one, other in zip(told, found.groups(), strict=True)
    )
