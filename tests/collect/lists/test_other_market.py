"""When a name stands for another market than before: by how long it was gone, silent or dearer."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

from sqlalchemy import update

from coinmon.collect.other_market import PRICE_TIMES, other_markets
from coinmon.collect.venue import Venue
from coinmon.model.fold import fold
from coinmon.store.bars import write_bars
from coinmon.store.instruments import sync_instruments
from coinmon.store.schema import instruments as table

DAY, HOUR, MINUTE = 86_400_000, 3_600_000, 60_000


def gone(ago):
    return {"delisted_at": ago}


FOLLOWED = {"followed_at": 0}
CASES = {
    # row, how long ago its last minute was, by how much dearer it is, then: None for not asked
    # a day or more without being listed says it, whatever it costs
    "A": (gone(DAY), 5 * MINUTE, 1.0, "gone"),
    "B": (gone(DAY - 1), 5 * MINUTE, 1.0, "same"),
    # for less, its price does, where it is known
    "C": (gone(MINUTE), 5 * MINUTE, PRICE_TIMES, "dearer"),
    "D": (gone(MINUTE), 5 * MINUTE, PRICE_TIMES - 0.01, "same"),
    "E": (gone(MINUTE), 5 * MINUTE, 1 / PRICE_TIMES, "dearer"),
    "F": (gone(MINUTE), 5 * MINUTE, 0.0, "same"),
    "G": (gone(MINUTE), None, 100.0, None),
    # of one that is listed still, only after silence, and not after one that is long
    "H": (FOLLOWED, HOUR, 100.0, None),
    "I": (FOLLOWED, HOUR + MINUTE, 100.0, "dearer"),
    "J": (FOLLOWED, 30 * DAY - MINUTE, 100.0, "dearer"),
    "K": (FOLLOWED, 30 * DAY, 100.0, None),
    "L": (FOLLOWED, None, 100.0, None),
    "M": ({"followed_at": None}, 2 * HOUR, 100.0, None),
}


def test_it_is_told_by_how_long_it_was_gone_and_by_its_price(database, plain):
    now, asked = plain.start + 40 * DAY, []
    listed = [plain.instrument(f"{base}/USDT") for base in CASES]
    with database.write() as connection:
        rows = sync_instruments(connection, listed, plain.start)
        for each, (row, silent, _, _) in zip(listed, CASES.values(), strict=True):
            number, stored = rows[each.id]
            values = {name: None if ago is None else now - ago for name, ago in row.items()}
            connection.execute(update(table).where(table.c.id == number).values(values))
            if silent is not None:
                last = plain.trades((1, (now - silent - plain.start) / 1000, 100, 1.0))
                write_bars(connection, number, stored, fold(last, stored))

    async def tickers(some):
        asked.extend(each.base for each in some)
        return {each.id: SimpleNamespace(last=float(each.price(100)) * CASES[each.base][2]) for each in some}

    venue = Venue("acme", SimpleNamespace(requests=0, tickers=tickers), SimpleNamespace(now=lambda: now))
    found = asyncio.run(other_markets([venue], database, {"acme": listed}, now))
    assert asked == [base for base, case in CASES.items() if case[3] in ("same", "dearer")]
    assert found == {
        each.id: now - DAY if case[3] == "gone" else now - case[1] + MINUTE
        for each, case in zip(listed, CASES.values(), strict=True)
        if case[3] in ("gone", "dearer")
    }
    # what cannot be asked, or does not answer, is not known
    assert asyncio.run(other_markets([], database, {"acme": listed}, now)) == {listed[0].id: now - DAY}


def test_a_market_that_began_a_day_after_we_met_its_name_is_another(database, plain):
    met, now = plain.start, plain.start + 2 * DAY
    listed = [plain.instrument(f"{base}/USDT") for base in "ABCD"]
    with database.write() as connection:
        sync_instruments(connection, listed, met)
    # one that begins only after now is none yet
    begins = (met + DAY, met + DAY + 1, now, now + 1)
    again = [replace(each, listed_at=at) for each, at in zip(listed, begins, strict=True)]
    found = asyncio.run(other_markets([], database, {"acme": again}, now))
    assert found == {again[1].id: met + DAY + 1, again[2].id: now}
