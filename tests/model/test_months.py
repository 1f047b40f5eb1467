"""Calendar months: each begins where the one before ends, whatever its length and whichever the year."""

from datetime import UTC, datetime

import pytest

from coinmon.model.moment import parse_time
from coinmon.model.months import months


def named(start, end):
    found = [(datetime.fromtimestamp(each / 1000, UTC), datetime.fromtimestamp(to / 1000, UTC)) for each, to in
             months(parse_time(start), parse_time(end))]  # fmt: skip
    return [(f"{first:%Y-%m-%d %H:%M}", f"{after:%Y-%m-%d %H:%M}") for first, after in found]


def test_two_years_have_every_month_once_and_none_overlaps():
    firsts = [f"{year}-{month:02}-01 00:00" for year in (2023, 2024) for month in range(1, 13)]
    assert named("2023-01-15T10:11:12Z", "2024-12-31T23:59:59Z") == list(
        zip(firsts, [*firsts[1:], "2025-01-01 00:00"], strict=True)
    )


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        ("2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z", 1),
        ("2024-02-29T23:59:59Z", "2024-03-01T00:00:01Z", 2),
        ("2024-01-31T00:00:00Z", "2024-01-31T00:00:00Z", 1),
        ("2024-02-01T00:00:00Z", "2024-02-01T00:00:00Z", 0),
    ],
)
def test_a_month_is_touched_from_its_first_moment_until_the_next_begins(start, end, count):
    assert len(named(start, end)) == count
