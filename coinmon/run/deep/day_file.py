"""The file of yesterday: whether it is there, whole by its checksum, and readable."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from coinmon.errors import DecodeError, NotPublished, WrongChecksum
from coinmon.model.instrument import Instrument, Kind
from coinmon.model.moment import DAY, floor, iso
from coinmon.plugin.archives import Archive, Archives
from coinmon.plugin.trade_page import TradePage
from coinmon.run.deep.listing import told
from coinmon.run.deep.venue_look import CannotTell, VenueLook
from coinmon.run.doctor import Finding

_DAYS = 2
"""Days that are tried, yesterday first: venues publish hours after midnight."""
_MAX_MARKETS = 4
_DATA = ("trades", "bars")
_KINDS: tuple[Kind, ...] = ("spot", "perp")


async def day_file(look: VenueLook) -> list[Finding]:
    check, expected = "file of yesterday", "whole (by its checksum where there is one), rows of its own day alone"
    archives: Archives | None = getattr(look.venue.exchange, "archives", None)
    if archives is None:
        return []
    tried: list[str] = []
    with TemporaryDirectory(prefix="coinmon-doctor-") as folder:
        for instrument in await _quietest(look):
            for archive in _days(archives, instrument, look.clock.now()):
                try:
                    rows = await _read(look, archives, archive, Path(folder), instrument)
                except NotPublished:
                    tried.append(archive.name)
                    continue
                except (DecodeError, WrongChecksum) as error:
                    cure = "report this to us, with this output; backfill passes such a file over and says so"
                    return [look.found(check, "error", f"{archive.name}: {error}", expected, cure)]
                return [look.found(check, "ok", f"{archive.name}: {rows} rows of {archive.data}", expected)]
    raise CannotTell(f"not published: {told(tried)}" if tried else "the venue has no file of a single day")


def _days(archives: Archives, instrument: Instrument, now: int) -> list[Archive]:
    """The best file of each of the last days that are over, the newest first."""
    covering = archives.covering(instrument, floor(now, DAY) - (_DAYS + 1) * DAY, now)
    best: dict[int, Archive] = {}
    for each in covering:
        if each.data in _DATA and each.end <= now and each.end - each.start <= DAY:
            best.setdefault(each.start, each)
    return sorted(best.values(), key=lambda each: -each.start)[:_DAYS]


async def _quietest(look: VenueLook) -> list[Instrument]:
    """Some, the quietest first; one that is new has no file of yesterday."""
    for kind in _KINDS:
        if ranked := await look.by_volume(kind):
            return ranked[: -_MAX_MARKETS - 1 : -1]
    raise CannotTell("no market that trades is listed")


async def _read(look: VenueLook, archives: Archives, archive: Archive, folder: Path, instrument: Instrument) -> int:
    """Its rows. Raises DecodeError, NotPublished, WrongChecksum, CannotTell where the time is over."""
    to = folder / archive.name
    try:
        async with asyncio.timeout(max(0.0, look.left_s)):
            await archives.fetch(archive, to, lambda _: None)
    except TimeoutError:
        raise CannotTell(f"{archive.name}: not here in time") from None
    return await asyncio.to_thread(_count, archives, archive, to, instrument, look.until)


def _count(archives: Archives, archive: Archive, path: Path, instrument: Instrument, until: float) -> int:
    rows = 0
    for part in archives.read(archive, path, instrument):
        if monotonic() > until:
            raise CannotTell(f"{archive.name}: not read in time")
        columns = part.trades if isinstance(part, TradePage) else part
        times = getattr(columns, "time", ())
        rows += len(times)
        if len(times) and not archive.start <= int(min(times)) <= int(max(times)) < archive.end:
            raise DecodeError(f"rows from {iso(int(min(times)))} to {iso(int(max(times)))}")
    return rows
