"""What a venue's HTTP answer means: data, try again, wait, never, or no."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from typing import TYPE_CHECKING, Any

from coinmon.exchange import DecodeError, VenueBlocked, VenueBusy, VenueError

if TYPE_CHECKING:
    from coinmon.exchange import Instrument

LONGEST_BAN_S = 3 * 86_400.0
"""Binance's longest bans last so long (EXCHANGES C14)."""
_PASSING = 408, 425, 499
"""Statuses below 500 of a gateway that gave up: no word about what was asked."""
_BANNED_UNTIL = re.compile(r"until\s+(\d{13})\b")

_PLACE = re.compile(rb"restricted location|not available in your (country|region)|geo.?block|unsupported.country", re.I)
"""Words of venues that refuse a country (their answers are JSON)."""
FIREWALL = re.compile(rb"Request blocked|error code: 1015|Attention Required|cf-error-details", re.I)
"""What the page of a firewall in front of a venue says."""
_MARKUP = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)


class Transient(Exception):
    """Another try may succeed."""


class Throttled(Exception):
    """The venue wants a pause of `seconds`; one absurd answer, or a wrong clock, is not to shut it for ever."""

    def __init__(self, text: str, seconds: float) -> None:
        super().__init__(text)
        self.seconds = min(seconds, LONGEST_BAN_S)


class Firewalled(Throttled):
    """A firewall answered in place of the venue: its pages pass, and are no word of the venue's."""


class Refused(VenueError):
    """The venue understood and said no (an HTTP 4xx, a code in the body): asking again in the same way is useless."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    path: str
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class ReplyRules:
    """What differs between venues.

    pause: seconds to wait after a 429 that names none. check: raises for an error inside an HTTP 200, and for a code
    inside of another status that says that it passes. ban_text,
    ban_pause: what a 403 that is a ban says, in lower case, and its seconds. used_weight_header: where the venue tells
    how much of its budget was used.
    """

    pause: float
    check: Callable[[Any], None] = lambda payload: None
    ban_text: bytes = b"too frequent"
    ban_pause: float = 600.0
    used_weight_header: str = ""


def payload(answer: HttpAnswer, reply_rules: ReplyRules) -> Any:
    """The decoded JSON of a good answer.

    Raises VenueBlocked for what no retry cures (451, a 403 whose JSON says that the place is refused), Throttled,
    Transient or VenueError.
    """
    import orjson

    data, broken = None, False
    try:
        data = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        broken = True
    status = answer.status
    if status == 451:
        raise VenueBlocked(_describe(answer, data))
    if status in (418, 429):
        raise Throttled(_describe(answer, data), retry_after(answer) or _banned_for(answer) or reply_rules.pause)
    if status == 403 and reply_rules.ban_text in answer.body.lower():
        raise Throttled(_describe(answer, data), retry_after(answer) or reply_rules.ban_pause)
    if status == 403 and not broken and _PLACE.search(answer.body):
        raise VenueBlocked(_describe(answer, data))
    if broken and (status in (403, 520, 521, 522, 523, 524, 530) or FIREWALL.search(answer.body[:4000])):
        raise Firewalled(_describe(answer, data), retry_after(answer) or 0.0)
    if status >= 500 or status in _PASSING or (status < 400 and broken):
        raise Transient(_describe(answer, data))
    try:
        if status < 400 or isinstance(data, dict):
            reply_rules.check(data)
    except (Throttled, Transient, VenueError) as error:
        error.args = (f"{answer.path}: {error}" if status < 400 else _describe(answer, data),)
        raise
    if status >= 400:
        raise Refused(_describe(answer, data))
    return data


def retry_after(answer: HttpAnswer) -> float | None:
    """Seconds, or seconds until a date (RFC 9110, 10.2.3)."""
    said = answer.headers.get("Retry-After", "")
    try:
        return max(0.0, float(said))
    except ValueError:
        until = _date(said)
        return None if until is None else max(0.0, until - _now(answer))


def _banned_for(answer: HttpAnswer) -> float | None:
    """Seconds until the moment that a ban's text names ("banned until 1789...": ms UTC; EXCHANGES C14)."""
    matched = _BANNED_UNTIL.search(answer.body[:4000].decode(errors="replace"))
    return None if matched is None else max(1.0, int(matched[1]) / 1000 - _now(answer))


def _now(answer: HttpAnswer) -> float:
    """By the venue's clock where it says the time: ours may be wrong, and a wait would be too."""
    return _date(answer.headers.get("Date", "")) or time()


def _date(said: str) -> float | None:
    try:
        return parsedate_to_datetime(said).timestamp()
    except (ValueError, OverflowError):
        return None


def _describe(answer: HttpAnswer, data: Any) -> str:
    """`/api/v3/klines: HTTP 400: Invalid symbol.`: endpoint, status and the venue's words, on one short line."""
    words = None
    if isinstance(data, dict):
        words = next((data[key] for key in ("msg", "retMsg", "message") if data.get(key)), None)
    text = str(words) if words else _MARKUP.sub(" ", answer.body[:4000].decode(errors="replace"))
    if data is None and answer.status < 400:
        text = f"not JSON: {text}"
    return f"{answer.path}: HTTP {answer.status}: {one_line(text)}"


def one_line(text: str, length: int = 160) -> str:
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return text if len(text) <= length else f"{text[: length - 3]}..."


def what_succeeded(instruments: "Sequence[Instrument]", found: Sequence[Any]) -> dict[str, Any]:
    """Answers by instrument id, without those that the venue refuses or answers oddly; raises why if that is all."""
    answers = {}
    failures = []
    for each, answer in zip(instruments, found, strict=True):
        if not isinstance(answer, BaseException):
            answers[each.id] = answer
        elif isinstance(answer, VenueError | DecodeError) and not isinstance(answer, VenueBlocked | VenueBusy):
            failures.append(answer)
        else:
            raise answer
    if failures and not answers:
        raise failures[0]
    return answers
