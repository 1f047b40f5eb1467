"""Times, spans, shards and figures as people write and read them."""

from datetime import timedelta, timezone

import pytest

from coinmon.model.figures import rough, significant, with_sign
from coinmon.model.moment import DAY, HOUR, MINUTE, ceil, floor, iso, parse_duration, parse_time
from coinmon.model.shard import WHOLE, Shard

NOON = 1_723_204_800_000


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2024-08-09T12:00:00Z", NOON), ("2024-08-09T12:00:00", NOON), (" 2024-08-09 ", NOON - 12 * HOUR),
        ("2024-08-09T14:00:00+02:00", NOON), (str(NOON), NOON), (str(NOON // 1000), NOON),
        ("2024-08-09T12:00:00.250Z", NOON + 250), ("1970-01-01", 0), ("9998-12-31", 253_370_678_400_000),
    ],
)  # fmt: skip
def test_times(text, ms):
    assert parse_time(text) == ms


def test_a_time_without_an_offset_is_in_the_zone_and_one_with_an_offset_is_not():
    east = timezone(timedelta(hours=8))
    assert parse_time("2024-08-09T12:00:00", east) == NOON - 8 * HOUR
    assert parse_time("2024-08-09T12:00:00Z", east) == NOON


@pytest.mark.parametrize("text", ["noon", "", "17", "2024-13-01", "1969-12-31", "9999-01-01", "172320480000"])
def test_what_is_no_time_is_said(text):
    with pytest.raises(ValueError, match="write"):
        parse_time(text)


@pytest.mark.parametrize(
    ("ms", "text"), [(NOON, "2024-08-09T12:00:00Z"), (NOON + 7, "2024-08-09T12:00:00.007Z"), (None, None)]
)
def test_moments_are_written_in_utc(ms, text):
    assert iso(ms) == text


@pytest.mark.parametrize(("ms", "low", "high"), [(0, 0, 0), (1, 0, MINUTE), (MINUTE, MINUTE, MINUTE), (-1, -MINUTE, 0)])
def test_minutes_below_and_above(ms, low, high):
    assert (floor(ms), ceil(ms)) == (low, high)
    assert floor(NOON + 1, HOUR) == NOON
    assert ceil(NOON + 1, HOUR) == NOON + HOUR


@pytest.mark.parametrize(
    ("text", "ms"),
    [("60s", MINUTE), (" 5 m ", 5 * MINUTE), ("4h", 4 * HOUR), ("1d", DAY), ("2w", 14 * DAY), ("250ms", 250),
     (90, 90_000), (1.5, 1500), ("0.5h", 30 * MINUTE)],
)  # fmt: skip
def test_durations(text, ms):
    assert parse_duration(text) == ms


@pytest.mark.parametrize("text", ["", "0", "0s", "-5m", "5 y", "m", "1h30m"])
def test_what_is_no_duration_is_said(text):
    with pytest.raises(ValueError, match="write 60s"):
        parse_duration(text)


def test_shards_share_all_pairs_and_none_twice():
    pairs = [f"COIN{number}/USDT" for number in range(200)]
    shards = [Shard.parse(f"{number}/4") for number in range(1, 5)]
    assert [str(each) for each in shards] == ["1/4", "2/4", "3/4", "4/4"]
    found = [[pair for pair in pairs if shard.has(pair)] for shard in shards]
    assert sorted(pair for some in found for pair in some) == sorted(pairs)
    assert all(len(some) > 20 for some in found)
    assert all(map(WHOLE.has, pairs))


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "1/0", "a/b", "-1/2", "1/12345"])
def test_what_is_no_shard_is_said(text):
    with pytest.raises(ValueError, match="write i/n"):
        Shard.parse(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (42_150.0, "42,150"), (0.00001234, "0.00001234"), (123_456.789012, "123,456.79"), (-0.5, "-0.5"),
     (1234567890.4, "1,234,567,890"), (100.0, "100"), (0.1 + 0.2, "0.3")],
)  # fmt: skip
def test_eight_significant_digits(value, text):
    assert significant(value) == text


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (1.25, 1, "+1.2"), (-0.04, 1, "0.0"), (0.04, 1, "0.0"), (-10.0, 0, "-10"), (0, 0, "0"), (-0.0, 2, "0.00"),
        (-1234.4, ",.0f", "-1,234"), (-0.4, ",.0f", "0"), (0.0004, ".1%", "0.0%"), (-0.25, ".0%", "-25%"),
        (-0.0, ",.6g", "0"), (1e-9, ",.6g", "+1e-09"),
    ],
)  # fmt: skip
def test_what_rounds_to_nothing_has_no_sign(value, form, text):
    assert with_sign(value, form) == text


@pytest.mark.parametrize(
    ("value", "plain", "signed"),
    [
        (1_254_000.0, "1.25M", "+1.25M"), (-80_000.0, "-80k", "-80k"), (640.4, "640", "+640"), (0.4, "0", "0"),
        (-0.4, "0", "0"), (0.0, "0", "0"), (999_600_000.0, "1,000M", "+1,000M"), (-2.5e12, "-2,500B", "-2,500B"),
    ],
)  # fmt: skip
def test_a_rough_figure_of_nothing_has_no_sign(value, plain, signed):
    assert rough(value) == plain
    assert rough(value, sign=True) == signed
