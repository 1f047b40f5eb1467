"""CSV bytes to integer columns, a block of lines at a time: no object is made per row or per field.

Eight characters are read as one 64-bit word, and the digits in it are added up pairwise by three multiplications for a
whole column at once.
"""

import numpy as np
import numpy.typing as npt

from coinmon.exchange import DecodeError

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

_FRONT_BYTES = 24
"""Bytes before the first line, so that a field's word may begin before it: fields have up to 24 characters."""
_DIGITS = 18
"""What surely fits into 63 bits."""
_COMMA, _NEWLINE = 44, 10


def _repeated(byte: int) -> np.uint64:
    return np.uint64(int.from_bytes(bytes([byte] * 8), "little"))


_ONES, _HIGHS, _DOTS, _NIBBLES, _TENS, _ZEROS, _SIXES = map(_repeated, (0x01, 0x80, 0x2E, 0x0F, 0xF0, 0x30, 0x06))
_KEEP = np.array([(2**64 - 1) ^ (2 ** (8 * (8 - n)) - 1) for n in range(9)], np.uint64)
"""By the number of characters of a word that belong to the field, which are its last ones, the mask of those."""
_ALL = np.uint64(2**64 - 1)
_U = np.uint64


class Block:
    """Complete lines of a CSV without quotes, each of `columns` fields. `line`: number of the first one, for errors.

    Raises DecodeError for lines of another shape.
    """

    def __init__(self, lines: bytes, columns: int, what: str, line: int = 1) -> None:
        if b"\r" in lines:
            lines = lines.replace(b"\r", b"")
        self._what, self._line = what, line
        self._bytes = np.frombuffer(b"\n" * _FRONT_BYTES + lines, np.uint8)
        self._words = np.ndarray((len(self._bytes) - 7,), np.dtype("<u8"), self._bytes, strides=(1,))
        body = self._bytes[_FRONT_BYTES:]
        # hardly anything else sorts before the comma (the + of 1e+08 does), so one comparison finds both
        marks = np.flatnonzero(body <= _COMMA)
        commas = np.count_nonzero(body == _COMMA)
        rows = int(np.count_nonzero(body == _NEWLINE))
        if len(marks) != commas + rows:
            marks = marks[(body[marks] == _COMMA) | (body[marks] == _NEWLINE)]
        marks += _FRONT_BYTES
        shaped = commas == rows * (columns - 1) and bool((self._bytes[marks[columns - 1 :: columns]] == _NEWLINE).all())
        if not shaped:
            raise self._misshapen(lines, columns)
        self._ends = marks.reshape(rows, columns)
        self._rows = rows

    def __len__(self) -> int:
        return self._rows

    def whole(self, column: int) -> Ints:
        """A column of non-negative integers."""
        words, width = self._fields(column)
        return self._values(words, width, column, "a whole number")

    def decimals(self, column: int) -> tuple[Ints, int]:
        """A column of non-negative decimals as integers of 10^-digits, and `digits`."""
        words, width = self._fields(column)
        words, fraction = _without_dot(words)
        values = self._values(words, width - (fraction >= 0), column, "a number")
        digits = int(np.max(fraction, initial=0))
        if np.ndim(fraction) == 0 or int(np.min(fraction, initial=digits)) == digits:
            return values, digits
        missing = digits - np.maximum(fraction, 0)
        if ((wide := values * 10.0**missing) >= 10.0**_DIGITS).any():
            raise self.bad(int(np.argmax(wide)), column, f"a number of at most {_DIGITS} digits")
        return values * 10**missing, digits

    def first_letters(self, column: int) -> npt.NDArray[np.uint8]:
        """The first character of each field, in lower case."""
        start, end = self._edges(column)
        return np.where(end > start, self._bytes[start], 0).astype(np.uint8) | np.uint8(0x20)

    def texts(self, column: int, width: int) -> npt.NDArray[np.uint8] | None:
        """The fields as rows of bytes; None unless all have `width` characters."""
        start, end = self._edges(column)
        if not len(start) or (end - start != width).any():
            return None
        rows: npt.NDArray[np.uint8] = self._bytes[start[:, None] + np.arange(width)]
        return rows

    def differs(self, column: int, text: str) -> int | None:
        """The first row whose field is not `text`."""
        want = np.frombuffer(text.encode(), np.uint8)
        start, end = self._edges(column)
        wrong = end - start != len(want)
        at = np.where(wrong, 0, start)
        for place, letter in enumerate(want):
            wrong |= self._bytes[at + place] != letter
        return int(np.argmax(wrong)) if wrong.any() else None

    def bad(self, row: int, column: int, expected: str) -> DecodeError:
        start, end = (int(edge[row]) for edge in self._edges(column))
        text = self._bytes[start : min(end, start + 40)].tobytes().decode(errors="replace")
        return DecodeError(f"{self._what}, line {self._line + row}: {text!r} is not {expected}")

    def _edges(self, column: int) -> tuple[Ints, Ints]:
        if column:
            return self._ends[:, column - 1] + 1, self._ends[:, column]
        before = np.empty(self._rows, np.int64)
        before[:1] = _FRONT_BYTES
        before[1:] = self._ends[:-1, -1] + 1
        return before, self._ends[:, 0]

    def _fields(self, column: int) -> tuple[list[Words], Ints]:
        """Each field's characters, the last eight in the first word, and their number (a scalar if all alike)."""
        start, end = self._edges(column)
        width = end - start
        widest, least = int(width.max(initial=0)), int(width.min(initial=1))
        if widest > _FRONT_BYTES or least == 0:
            raise self.bad(int(np.argmax(width)) if least else int(np.argmin(width)), column, "a number")
        if widest == least:
            width = np.int64(widest)  # type: ignore[assignment]  # scalars make all that follows cheaper
        words = []
        for low in range(0, widest, 8):
            word = self._words[end - (low + 8)]
            if least < low + 8:
                word &= _KEEP[np.clip(width - low, 0, 8)]
            words.append(word)
        return words, width

    def _values(self, words: list[Words], digits: Ints, column: int, expected: str) -> Ints:
        """Checks that there are only digits, and adds them up."""
        if np.max(digits, initial=0) > _DIGITS:
            raise self.bad(int(np.argmax(digits)), column, f"a number of at most {_DIGITS} digits")
        total = np.zeros(self._rows, np.int64)
        for place, word in enumerate(words):
            want = _KEEP[np.clip(digits - 8 * place, 0, 8)] & _ZEROS
            # adding six to a digit above nine carries into the half of the byte that must be that of "0"
            wrong = (((word ^ want) | ((word + _SIXES) ^ want)) & _TENS) != 0
            if wrong.any():
                raise self.bad(int(np.argmax(wrong)), column, expected)
            sums = _sum_of_digits(word).view(np.int64)
            total += sums if place == 0 else sums * 10 ** (8 * place)
        if np.min(digits, initial=1) == 0:
            raise self.bad(int(np.argmin(digits)), column, expected)
        return total

    def _misshapen(self, lines: bytes, columns: int) -> DecodeError:
        for row, text in enumerate(lines.split(b"\n")):
            if text.count(b",") != columns - 1:
                shown = text[:60].decode(errors="replace")
                return DecodeError(f"{self._what}, line {self._line + row}: {shown!r} does not have {columns} fields")
        return DecodeError(f"{self._what}, near line {self._line}: not lines of {columns} fields")


def _without_dot(words: list[Words]) -> tuple[list[Words], Ints]:
    """Words of digits only, and how many of them come after the dot (-1: no dot), one number if all alike."""
    # most columns have the dot in one place, which is the first row's
    first = int(words[0][0]).to_bytes(8, "little").rfind(b".") if words and len(words[0]) else -1
    if first >= 0 and (((words[0] >> _U(8 * first)) & _U(0xFF)) == ord(".")).all():
        after = _U((2**64 - 1) ^ (2 ** (8 * first + 8) - 1))
        return _closed(words, 0, after), np.int64(7 - first)  # type: ignore[return-value]
    found = []
    for word in words:
        other = word ^ _DOTS
        flag = (other - _ONES) & ~other & _HIGHS
        found.append(flag & (~flag + _U(1)))
    fraction = np.full(len(words[0]) if words else 0, -1, np.int64)
    cleared = list(words)
    for place, flag in enumerate(found):
        here = (flag != 0) & (fraction < 0)
        if here.any():
            after = ~((flag[here] << _U(1)) - _U(1))
            fraction[here] = 8 * place + (np.bitwise_count(after).astype(np.int64) >> 3)
            for word, closed in zip(cleared, _closed([word[here] for word in words], place, after), strict=True):
                word[here] = closed
    return cleared, fraction


def _closed(words: list[Words], place: int, after: Words | np.uint64) -> list[Words]:
    """The words without the dot of word `place`: what stands before it moves up. after: mask of what comes after."""
    moved = [word << _U(8) for word in words]
    for low, high in zip(moved, words[1:], strict=False):
        low |= high >> _U(56)
    moved[place] = (words[place] & after) | (moved[place] & ~after)
    return [*words[:place], *moved[place:]]


def _sum_of_digits(word: Words) -> Words:
    """The number that eight characters of digits are; absent ones in front are zero bytes."""
    word = word & _NIBBLES
    word = (word * _U(10) + (word >> _U(8))) & _U(0x00FF00FF00FF00FF)
    word = (word * _U(100) + (word >> _U(16))) & _U(0x0000FFFF0000FFFF)
    return (word * _U(10000) + (word >> _U(32))) & _U(0xFFFFFFFF)
