"""Help and errors in the reader's language: English in the code, Chinese by a list of phrases beside each package.

`words.zh.json` of a package holds English phrases and how they are said in Chinese; `{}` in the English stands for
anything, `{0}` in the Chinese for the first such part, which is put into words the same way.
"""

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

_FILE = "words.zh.json"
_MAX_DEPTH = 6
"""Phrases in phrases: how deep they are looked for."""


def language(arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    """`zh` or `en`: what --lang says, or COINMON_LANG, or the locale."""
    for number, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name == "--lang":
            given = value if equals else " ".join(arguments[number + 1 : number + 2])
            return "zh" if given == "zh" else "en"
    names = ("COINMON_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    said = next((environ[name] for name in names if environ.get(name)), "")
    return "zh" if said.lower().startswith("zh") else "en"


def speaker(lang: str | None = None) -> Callable[[str], str]:
    """Puts texts into a language; None: that of whoever typed the command."""
    if (lang or language(sys.argv[1:], os.environ)) == "en":
        return lambda text: text
    return _phrases(tuple(plugin_packages())).say


def plugin_packages() -> list[str]:
    """The packages of plugins that are loaded: each may have phrases of its own."""
    return sorted(name for name in sys.modules if name.startswith("coinmon_") and "." not in name)


class Phrases:
    """What is said in Chinese, of the core and of the packages whose names are given."""

    def __init__(self, packages: Iterable[str]) -> None:
        self._whole: dict[str, str] = {}
        for package in ("coinmon", *packages):
            self._whole |= _read(package)
        parts = [(english, chinese) for english, chinese in self._whole.items() if "{}" in english]
        # the one that says most by itself is meant
        parts.sort(key=lambda each: -len(each[0].replace("{}", "")))
        self._parts = [(_pattern(english), chinese) for english, chinese in parts]

    def knows(self, text: str) -> bool:
        return _plain(text) in self._whole

    def say(self, text: str, depth: int = 0) -> str:
        """The text in Chinese; what is not known of it stays as it is."""
        plain = _plain(text)
        if plain in self._whole:
            return self._whole[plain]
        if depth == _MAX_DEPTH:
            return text
        for pattern, chinese in self._parts:
            if found := pattern.fullmatch(plain):
                return chinese.format(*(self.say(each, depth + 1) for each in found.groups()))
        for between in (": ", "; "):
            head, there, rest = plain.partition(between)
            if there:
                said = self.say(head, depth + 1), self.say(rest, depth + 1)
                if said != (head, rest):
                    return between.join(said)
        return text


@cache
def _phrases(packages: tuple[str, ...]) -> Phrases:
    return Phrases(packages)


@cache
def _read(package: str) -> Mapping[str, str]:
    module = sys.modules.get(package)
    where = getattr(module, "__file__", None)
    path = Path(where).with_name(_FILE) if where else None
    if path is None or not path.is_file():
        return {}
    found: dict[str, str] = json.loads(path.read_text("utf-8"))
    return found


def _plain(text: str) -> str:
    return " ".join(text.split())


def _pattern(english: str) -> re.Pattern[str]:
    return re.compile("(.*?)".join(re.escape(part) for part in english.split("{}")), re.DOTALL)
