"""What a page says of a moment of which nothing is stored: since when there is anything, and the way there."""

from collections.abc import Iterable
from typing import Any

from coinmon.command import MINUTE, Instrument, MarketReader, NoDataError, iso
from coinmon_desk._words import WORDS


class Absent(NoDataError):
    """told: what `absent` gives."""

    def __init__(self, message: str, told: dict[str, Any]) -> None:
        super().__init__(message)
        self.told = told


def absent(reader: MarketReader, instruments: Iterable[Instrument], moment: int, lang: str) -> dict[str, Any]:
    """Words in the page's language; `go` is a moment that has data: the first, for one in a hole or after all the last.

    first, last: seconds; None where nothing is stored at all.
    """
    spans = [span for each in instruments if (span := reader.span(each))]
    words = WORDS[lang]
    if not spans:
        return {"text": words["absent_all"], "go": None, "link": "", "first": None, "last": None}
    first, last = min(start for start, _ in spans), max(end for _, end in spans)
    # a minute can be looked at when it is over
    begin = first + MINUTE
    before = moment < begin
    text = words["absent_before"] if before else words["absent_hole"]
    go = begin if before else last
    told = {"at": iso(moment), "first": iso(first), "last": iso(last), "go": iso(go), "window": reader.config.window}
    return {
        "text": text.format(**told), "go": iso(go), "link": words["absent_go"].format(go=iso(go)),
        "first": first // 1000, "last": last // 1000,
    }  # fmt: skip
