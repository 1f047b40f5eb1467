"""What the drawing modules and the colours promise."""

import re
from importlib.resources import files

import pytest

from coinmon.report.shades import SAFE, SHADES
from coinmon.report.web import MODULES, as_one_script, web_file


def contrast(one: str, other: str) -> float:
    """How far two colours are apart in lightness, 1 to 21, as WCAG 2 defines it."""
    a, b = sorted((_luminance(one), _luminance(other)))
    return (b + 0.05) / (a + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_and_marks_stand_out_from_the_paper(theme):
    shades = SHADES[theme]
    for paper in ("paper", "panel"):
        for tone in ("text", "dim", "up", "down", "warn", "accent"):
            assert contrast(shades[tone], shades[paper]) >= 4.5, (tone, paper)
        for tone, colour in SAFE[theme].items():
            assert contrast(colour, shades[paper]) >= 4.5, (tone, paper)
    for tone in [each for each in shades if re.fullmatch(r"s\d|second|third|muted", each)]:
        assert contrast(shades[tone], shades["paper"]) >= 3, tone


@pytest.mark.parametrize("entry", ["the page's", "a conversation's panel"])
def test_the_modules_fit_into_one_script(entry):
    text = as_one_script("page.js")
    assert not re.search(r"^(import|export)\b", text, re.MULTILINE)
    panel = (files("coinmon_mcp._panels") / "panel.js").read_text("utf-8")
    scripts = [*map(web_file, MODULES), web_file("page.js") if entry == "the page's" else panel]
    told = r"^(?:export )?(?:async )?(?:const|let|function|class) (\w+)"
    names = [name for each in scripts for name in re.findall(told, each, re.MULTILINE)]
    assert [name for name in names if names.count(name) > 1] == []
    assert "innerHTML" not in text
