"""What a venue lists: the shape of its rows, and whether it is still what was stored."""

import asyncio

from coinmon.model.instrument import Instrument
from coinmon.run.deep.venue_look import CannotTell, VenueLook
from coinmon.run.deep.wire_notes import odd_rows
from coinmon.run.doctor import Finding

_MAX_CASES_NAMED = 5
"""Cases that a finding names; of the rest it says how many."""
_REPORT = "report this to us, with this output: a field may be called otherwise now"
SHAPE, STORED = "listing rows", "listing against store"


async def listing_rows(look: VenueLook) -> list[Finding]:
    """Reads the venue's list, which the other checks need too, and looks at its rows as they came."""
    look.notes.begin_listing()
    try:
        look.instruments = await look.ask("instruments")
    finally:
        bodies = look.notes.listing()
    if not look.venue.has("record"):
        raise CannotTell("the plugin does not show its answers (record)")
    rows, odd = await asyncio.to_thread(odd_rows, bodies)
    detail = f"{rows} rows, {len(look.instruments)} of them spot or linear perpetuals that trade"
    expected = "each row with the fields that nearly all have"
    if not look.instruments:
        return [look.found(SHAPE, "error", detail, "markets", _REPORT)]
    if odd:
        return [look.found(SHAPE, "warning", f"{detail}; {told(odd)}", expected, _REPORT)]
    return [look.found(SHAPE, "ok", detail, expected)]


async def listing_against_store(look: VenueLook) -> list[Finding]:
    if not look.stored:
        raise CannotTell("no market of it is stored yet")
    listed = {each.id: each for each in look.instruments}
    kinds = {each.kind for each in look.instruments}
    changed = [words for each in look.stored if each.id in listed and (words := _changed(each, listed[each.id]))]
    # a kind that it lists none of was left out by the settings, or its host did not answer
    gone = [each for each in look.stored if each.id not in listed and each.kind in kinds]
    followed = [each.id for each in gone if each.id in look.followed]
    detail = f"{len(look.stored)} stored, {len(gone)} of them not listed any more"
    expected = "prices on the stored grid, contracts of the stored size, followed markets listed"
    if changed:
        cure = "a scan takes a finer grid by itself; stored volumes of a contract of another size are of the old size"
        return [look.found(STORED, "warning", f"{detail}; {told(changed)}", expected, cure)]
    if followed:
        cure = "was it renamed or delisted? leave it out of symbols"
        return [look.found(STORED, "warning", f"{detail}; followed until now: {told(followed)}", expected, cure)]
    return [look.found(STORED, "ok", detail, expected)]


def _changed(stored: Instrument, listed: Instrument) -> str | None:
    """The stored grid is one that all grids seen lie on: only a finer one is a change."""
    if listed.contract_size != stored.contract_size:
        return f"{stored.id} contract {stored.contract_size} stored, {listed.contract_size} listed"
    if listed.native_id != stored.native_id:
        return f"{stored.id} was {stored.native_id}, is {listed.native_id}"
    if listed.tick_size % stored.tick_size:
        return f"{stored.id} tick {stored.tick_size} stored, {listed.tick_size} listed"
    return None


def told(cases: list[str]) -> str:
    """Some of them, and how many there are beside."""
    more = f" and {len(cases) - _MAX_CASES_NAMED} more" if len(cases) > _MAX_CASES_NAMED else ""
    return "; ".join(cases[:_MAX_CASES_NAMED]) + more
