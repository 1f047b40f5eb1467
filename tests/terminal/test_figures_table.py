"""A table whose figures are whole at any width."""

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from coinmon.report.terminal.figures_table import figures_table

HEADS = ("signal", "told", "excess (95 %)", "after costs", "verdict")
ROWS = (
    ("consensus_change", "46", "+0.39 % (+0.31 to +0.47)", "+0.26 % (+0.18 to +0.34)", "proven"),
    ("[bold]mine", "3", "-", "-", "too few"),
)


def printed(width, heads=HEADS, rows=ROWS):
    out = io.StringIO()
    Console(file=out, width=width).print(figures_table(heads, rows, width, words=(0, 4), title="May - June"))
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [40, 60, 80, 82, 83, 200])
def test_every_figure_is_whole_and_the_lines_fit(width):
    lines = printed(width)
    text = "\n".join(lines)
    assert all(cell in text for row in ROWS for cell in row)
    assert "…" not in text
    assert max(map(cell_len, lines)) <= width
    assert lines[0].strip() == "May - June"
    # as a table where there is room for one: a head above, and a line a row
    assert (len(lines) == 4) == (width >= 83)


def test_without_room_a_row_is_named_by_its_words_and_each_figure_by_its_head():
    assert printed(60)[1:] == [
        "consensus_change  proven", "  told 46  excess (95 %) +0.39 % (+0.31 to +0.47)",
        "  after costs +0.26 % (+0.18 to +0.34)", "[bold]mine  too few", "  told 3  excess (95 %) -  after costs -",
    ]  # fmt: skip


def test_wide_characters_count_twice():
    lines = printed(
        30, ("信号", "次数", "超额", "扣费后", "结论"), [("共识", "46", "+0.39 %", "+0.26 %", "有优势，但不够成本")]
    )
    assert lines[1:] == ["共识  有优势，但不够成本", "  次数 46  超额 +0.39 %", "  扣费后 +0.26 %"]
