"""Columns out of CSV bytes: exact for every number, and an error in words for everything else."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coinmon import DecodeError
from coinmon_exchanges._files.csv import Block

DIGITS = st.text("0123456789", min_size=1, max_size=9)
NUMBERS = st.one_of(DIGITS, st.builds("{}.{}".format, DIGITS, st.text("0123456789", max_size=9)))


def block(rows):
    return Block("".join(",".join(row) + "\n" for row in rows).encode(), len(rows[0]), "file.csv")


@settings(max_examples=40)
@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=40))
@example([("1.5", "100000000.00000001"), ("99999999", "0.1")])
@example([("7.", "0"), ("7", ".5")])
def test_decimals_are_exact(rows):
    made = block(rows)
    for column in range(2):
        values, digits = made.decimals(column)
        assert [Decimal(value).scaleb(-digits) for value in values.tolist()] == [Decimal(row[column]) for row in rows]


@settings(max_examples=40)
@given(st.lists(st.integers(0, 10**18 - 1), min_size=1, max_size=40))
def test_whole_numbers_have_eighteen_digits(values):
    assert block([(str(each), "x") for each in values]).whole(0).tolist() == values


@pytest.mark.parametrize(
    "text",
    ["", ".", "-1", "+1", "1e5", "1.2.3", "12345678.1234567.1", "1_0", "/1", "1:", " 1", "x", "9" * 19, "9" * 25],
)
def test_what_is_no_number_is_named_with_its_line(text):
    with pytest.raises(DecodeError, match=r"file\.csv, line 2: .* is not a number"):
        block([("5.5", "a"), (text, "b")]).decimals(0)


@settings(max_examples=40)
@given(st.lists(st.binary(max_size=30), max_size=5), st.integers(1, 4))
def test_any_bytes_give_columns_or_an_error_in_words(lines, columns):
    text = b"".join(line.replace(b"\n", b"") + b"\n" for line in lines)
    with suppress(DecodeError):
        made = Block(text, columns, "file.csv")
        for column in range(columns):
            values, digits = made.decimals(column)
            assert len(values) == len(made)
            assert digits >= 0


def test_a_line_with_another_number_of_fields_is_named():
    with pytest.raises(DecodeError, match=r"file\.csv, line 3: '7' does not have 2 fields"):
        Block(b"1,2\n3,4\n7\n", 2, "file.csv")


def test_line_ends_of_windows_and_signs_in_columns_that_nobody_reads_do_no_harm():
    assert Block(b"1,+2e+08\r\n3,a b\r\n", 2, "file.csv").whole(0).tolist() == [1, 3]
