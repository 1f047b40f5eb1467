"""Numbers and moments as they are written in lines, and as integers."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from coinmon.record.number_column import Ints

_UNITS = {0: "s", 3: "ms", 6: "us", 9: "ns"}
"""By decimals of the second."""


def parsed_column(column: Sequence[bytes], kind: str) -> tuple[Ints, Ints] | None:
    """Numbers without their point, or moments, and how many decimals each has; None: too large."""
    decimals = np.array([len(each.rstrip(b"Z").partition(b".")[2]) for each in column], np.int64)
    if kind == "time":
        if len(set(decimals.tolist())) > 1:
            return None
        text = np.array([each[:-1].decode() for each in column])
        try:
            return text.astype(f"datetime64[{_UNITS[int(decimals[0])]}]").astype(np.int64), decimals
        except ValueError:
            return None
    values = [int(each.replace(b".", b"")) for each in column]
    if max(map(abs, values)) >= 2**62:
        return None
    return np.array(values, np.int64), decimals


def written_column(values: Ints, decimals: Ints, kind: str) -> list[bytes]:
    if kind == "time":
        if not len(values):
            return []
        moments: npt.NDArray[np.datetime64] = values.astype(f"datetime64[{_UNITS[int(decimals[0])]}]")
        return [f"{each}Z".encode() for each in np.datetime_as_string(moments).tolist()]
    return [_number(*each) for each in zip(values.tolist(), decimals.tolist(), strict=True)]


def _number(value: int, decimals: int) -> bytes:
    if not decimals:
        return b"%d" % value
    digits = str(abs(value)).rjust(decimals + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-decimals]}.{digits[-decimals:]}".encode()
