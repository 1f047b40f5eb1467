"""What the drawing modules and the colours promise."""

import re

import pytest

from coinmon.report.shades import SAFE, SHADES, contrast
from coinmon.report.web import MODULES, as_one_script, web_file


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


def test_the_modules_fit_into_one_script():
    text = as_one_script("page.js")
    assert not re.search(r"^(import|export)\b", text, re.MULTILINE)
    names = [
        name
        for module in (*MODULES, "page.js")
        for name in re.findall(r"^(?:export )?(?:const|let|function|class) (\w+)", web_file(module), re.MULTILINE)
    ]
    assert len(names) == len(set(names)), "a name is told twice"
    assert "innerHTML" not in text
