"""All that is compared at each venue, within a minute, whatever goes wrong in it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from time import monotonic

from coinmon.clock import Clock
from coinmon.collect.exchange_apart import venues_of
from coinmon.collect.venue import Venue
from coinmon.config.load import Config
from coinmon.errors import CoinmonError, DecodeError, our_stop, words_of
from coinmon.model.instrument import Instrument
from coinmon.run.deep.day_file import day_file
from coinmon.run.deep.derivatives import funding_interval, open_interest
from coinmon.run.deep.listing import SHAPE, STORED, listing_against_store, listing_rows
from coinmon.run.deep.minutes import minutes
from coinmon.run.deep.taker_side import taker_against_book
from coinmon.run.deep.venue_look import CannotTell, VenueLook
from coinmon.run.deep.wire_notes import WireNotes
from coinmon.run.doctor import Finding
from coinmon.store.database import open_database
from coinmon.store.history import History
from coinmon.store.instruments import chosen_instruments

DEEP_S = 60.0
"""Seconds for all checks of all venues, which are looked at side by side."""
_Check = Callable[[VenueLook], Awaitable[list[Finding]]]
_CHECKS: Sequence[tuple[str, _Check]] = (
    (SHAPE, listing_rows),
    (STORED, listing_against_store),
    ("minutes of spot", partial(minutes, kind="spot")),
    ("minutes of perp", partial(minutes, kind="perp")),
    ("taker side against book", taker_against_book),
    ("open interest", open_interest),
    ("funding interval", funding_interval),
    ("file of yesterday", day_file),
)


async def examine_deeply(config: Config, clock: Clock, seconds: float = DEEP_S) -> list[Finding]:
    """Each check of each venue; one that cannot be made is `unknown`, with the reason."""
    stored, followed = _stored(config)
    until = monotonic() + seconds
    findings: list[Finding] = []
    looks = []
    for name in config.exchanges:
        try:
            venue = venues_of({name: config.exchanges[name]}, clock)[0]
        except CoinmonError as error:
            findings.append(Finding(name, "deep", "unknown", f"could not be made: {error}"))
            continue
        mine = [each for each in stored if each.venue == name]
        looks.append(VenueLook(venue, clock, WireNotes(), until, mine, followed))
    for several in await asyncio.gather(*map(_venue, looks)):
        findings += several
    return findings


def _stored(config: Config) -> tuple[Sequence[Instrument], frozenset[str]]:
    """Nothing where the database does not open: the doctor has said so."""
    try:
        database = open_database(config.db)
    except CoinmonError:
        return (), frozenset()
    try:
        with database.read() as connection:
            followed = frozenset(chosen_instruments(connection))
        return History(database).instruments, followed
    except CoinmonError:
        return (), frozenset()
    finally:
        database.close()


async def _venue(look: VenueLook) -> list[Finding]:
    venue: Venue = look.venue
    findings: list[Finding] = []
    try:
        if venue.has("record"):
            venue.exchange.record(look.notes)
        for name, check in _CHECKS:
            findings += await _made(look, name, check)
        findings.append(_limits(look))
    finally:
        await venue.close()
    return findings


async def _made(look: VenueLook, name: str, check: _Check) -> list[Finding]:
    def unknown(why: str) -> list[Finding]:
        return [Finding(look.venue.name, name, "unknown", f"could not be checked: {why}")]

    if check is not listing_rows and not look.instruments:
        return unknown("its list could not be read")
    try:
        async with asyncio.timeout(max(0.0, look.left_s)):
            return await check(look)
    except CannotTell as error:
        return unknown(str(error))
    except TimeoutError:
        return unknown("no time was left")
    except DecodeError as error:
        expected, cure = "an answer of the shape that coinmon reads", "report this to us, with this output"
        return [look.found(name, "error", str(error), expected, cure)]
    except CoinmonError as error:
        return unknown(str(error))
    except BaseException as error:
        # what a plugin gave is not what its contract says
        if our_stop(error):
            raise
        return unknown(words_of(error))


def _limits(look: VenueLook) -> Finding:
    """What its answers said of its limits while it was looked at."""
    notes, check, expected = look.notes, "limits told", "no refusal for too many requests"
    told = ", ".join(f"{name} {value}" for name, value in sorted(notes.limits.items()))
    detail = f"{notes.answers} answers; {told or 'no header tells of limits'}"
    if notes.paced:
        refused = ", ".join(f"{count} times {status}" for status, count in sorted(notes.paced.items()))
        cure = "other programs share this address's budget, or the venue's limit is lower now: report this to us"
        return look.found(check, "warning", f"{detail}; refused {refused}", expected, cure)
    if not notes.answers:
        return Finding(look.venue.name, check, "unknown", "could not be checked: no answer was seen")
    return look.found(check, "ok", detail, expected)
