"""What stands between coinmon and good data, and what to do about each."""

import asyncio
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from coinmon.clock import Clock
from coinmon.collect.history.estimate import Outlook, as_bytes, outlook
from coinmon.collect.venue import Venue
from coinmon.config.build import make
from coinmon.config.load import Config
from coinmon.errors import CoinmonError, VenueBlocked
from coinmon.model.figures import with_sign
from coinmon.model.instrument import Instrument
from coinmon.model.moment import MINUTE
from coinmon.model.trades import Trades
from coinmon.plugin.trade_page import Cursor
from coinmon.run.noise import briefly
from coinmon.secrets import redacted
from coinmon.store.database import Database, open_database
from coinmon.store.file_identity import file_of

_CHECK_TIMEOUT_S = 30.0
_SKEW_MS = 2_000
_MIN_FREE_BYTES = 500 * 2**20
_MIN_PRICE_MOVES = 20
"""Price moves that the taker-side check needs to say anything."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. status: ok, warning, error, unknown (it could not be looked at; `detail` says why).

    cure: what to do, where something is to be done. expected: of a comparison, what was expected.
    """

    subject: str
    check: str
    status: str
    detail: str
    cure: str | None = None
    expected: str | None = None

    def __post_init__(self) -> None:
        # whatever was found, where it was found
        object.__setattr__(self, "detail", redacted(self.detail))

    def as_json(self) -> dict[str, Any]:
        told = asdict(self)
        if self.expected is None:
            del told["expected"]
        return told


_APART_S = 2.0
"""Between the two looks, which count what they ask each for itself: venues with a limit a second have forgotten the
first by then, and refuse nothing for it."""


async def examine(config: Config, clock: Clock, *, deep: bool = False) -> list[Finding]:
    """Look at everything; one venue's trouble does not hide another's. deep: compare what venues say as well."""
    findings = local_findings(config)
    for several in await asyncio.gather(*(_venue(name, config, clock) for name in config.exchanges)):
        findings += several
    findings = _clocks_compared(findings)
    if deep:
        from coinmon.run.deep.examination import examine_deeply

        await asyncio.sleep(_APART_S)
        findings += await examine_deeply(config, clock)
    return findings


def _clocks_compared(findings: Sequence[Finding]) -> list[Finding]:
    """A clock that is apart from this machine's while another venue's is not, is wrong itself."""
    agrees = next((each.subject for each in findings if each.check == "clock" and each.status == "ok"), None)
    if agrees is None:
        return list(findings)
    cure = f"it is this venue's own clock: that of {agrees} agrees with this machine's; leave it out while it is wrong"
    return [
        replace(each, cure=cure) if (each.check, each.status) == ("clock", "warning") else each for each in findings
    ]


def local_findings(config: Config) -> list[Finding]:
    """What can be told of this machine without asking a venue."""
    return [*_configuration(config), _database(config), *private_files(config), _disk(config)]


def noise_finding(config_under: Callable[[str], Config], database: Database, now: int, preset: str) -> Finding:
    """How often each preset pages on the user's own history with buyers and sellers drawn by lot."""
    found = briefly(config_under, database, now)
    if not found:
        return Finding(
            "signals", "noise", "ok", "no bars of the last day are stored yet, so false pages are not counted"
        )
    rates = ", ".join(f"{each.preset} {each.pages:.1f}" for each in found)
    detail = (
        f"false pages (grade A and above) a day and pair by preset: {rates}; yours is {preset}. Counted on "
        f"{found[0].pair_days:.1f} pair days of your own history with sides drawn by lot (coinmon scorecard --noise)"
    )
    return Finding("signals", "noise", "ok", detail)


def _configuration(config: Config) -> list[Finding]:
    where = str(config.path) if config.path else "no config.yaml: defaults"
    found = [Finding("config", "valid", "ok", where)]
    # plugins that are broken have lines of their own
    broken_ones = tuple(f"plugin {each.plugin} of {each.distribution} is broken: " for each in config.catalog.broken)
    notes = [each for each in config.warnings if not each.startswith(broken_ones)]
    found += [Finding("config", "note", "warning", note, "coinmon config check") for note in notes]
    for broken in config.catalog.broken:
        cure = (
            f"mend or remove {broken.plugin.removeprefix('dir.')}.py, or list it under plugins.disabled"
            if broken.distribution == "plugin_dir"
            else f"update or remove {broken.distribution}, or list it under plugins.disabled"
        )
        found.append(Finding("plugins", broken.plugin, "warning", broken.why, cure))
    return found


def _database(config: Config) -> Finding:
    try:
        open_database(config.db).close()
    except CoinmonError as error:
        return Finding("database", "opens", "error", str(error), "name one that coinmon can write to with --db or db:")
    return Finding("database", "opens", "ok", redacted(config.db))


def private_files(config: Config) -> Iterator[Finding]:
    """Files with secrets, and the database, that others on this machine can read."""
    beside = {config.path.absolute().parent} if config.path else set()
    files = [folder / ".env" for folder in {Path.cwd(), *beside}]
    if config.path and (file := config.path.absolute()).is_file():
        files += [file] if redacted(text := file.read_text("utf-8", "replace")) != text else []
    if database := file_of(config.db):
        files.append(database)
    for file in files:
        if file.is_file() and (mode := stat.S_IMODE(file.stat().st_mode)) & 0o077:
            detail = f"{file} has mode {mode:04o}: other users of this machine can read it"
            yield Finding("files", "private", "warning", detail, f"chmod 600 {file}")


def _disk(config: Config) -> Finding:
    file = file_of(config.db)
    folder = file.parent if file else Path.cwd()
    folder = next((each for each in (folder, *folder.absolute().parents) if each.exists()), Path.cwd())
    free = shutil.disk_usage(folder).free
    detail = f"{free / 2**30:.1f} GiB free at {folder}"
    coming = _coming(config, file) if file and file.is_file() else None
    if coming:
        detail += (
            f"; the database is {as_bytes(coming.held)}, and will be about {as_bytes(coming.comes_to)} with "
            f"{coming.markets} markets (retention_days {config.retention_days}, levels_days {config.levels_days}; "
            "what was brought on purpose stays beside it)"
        )
    if free < _MIN_FREE_BYTES or (coming and coming.comes_to - coming.held > free):
        return Finding("disk", "space", "warning", detail, "free some space, or lower retention_days")
    return Finding("disk", "space", "ok", detail)


def _coming(config: Config, file: Path) -> Outlook | None:
    """None where the database does not open: its own finding says so."""
    try:
        database = open_database(config.db)
    except CoinmonError:
        return None
    try:
        return outlook(database, config.retention_days, config.levels_days, file.stat().st_size)
    except (CoinmonError, OSError):
        return None
    finally:
        database.close()


async def _venue(name: str, config: Config, clock: Clock) -> list[Finding]:
    try:
        venue = Venue(name, make({name: config.exchanges[name]})[name], clock)
    except CoinmonError as error:
        return [Finding(name, "settings", "error", str(error), "coinmon config check")]
    proxy = config.exchanges[name].settings.get("proxy")
    found = [Finding(name, "proxy", "ok", redacted(str(proxy)) if proxy else "none configured")]
    try:
        found += await _reached(venue, clock)
        instruments: Sequence[Instrument] = await venue.call("instruments", deadline=_CHECK_TIMEOUT_S)
        found.append(Finding(name, "instruments", "ok", f"{len(instruments)} trading"))
        for kind, why in venue.failing.items():
            cure = f"set exchanges.{name}.proxy to one in a country it serves, or leave {kind} out of its kinds"
            found.append(Finding(name, kind, "error", redacted(str(why)), cure))
        if venue.has("trades") and instruments:
            found.append(await _taker_side(venue, instruments, clock))
    except VenueBlocked as error:
        cure = f"set exchanges.{name}.proxy to one in a country it serves, or exchanges.{name}: false"
        found.append(Finding(name, "reachable", "error", redacted(str(error)), cure))
    except CoinmonError as error:
        cure = f"check the network and exchanges.{name}.proxy; coinmon goes on without it meanwhile"
        found.append(Finding(name, "reachable", "error", redacted(str(error)), cure))
    finally:
        usage: Mapping[str, tuple[float, float]] = venue.exchange.usage() if venue.has("usage") else {}
        for budget, (used, limit) in usage.items():
            status = "warning" if used > 0.9 * limit else "ok"
            cure = "other programs share this address's budget; use another, or follow fewer symbols"
            detail = f"{used:g} of {limit:g} used"
            found.append(Finding(name, f"budget {budget}", status, detail, cure if status != "ok" else None))
        await venue.close()
    return found


async def _reached(venue: Venue, clock: Clock) -> list[Finding]:
    if not venue.has("server_time"):
        return []
    # the first call also pays for loading the client and for connecting
    await venue.call("server_time", deadline=_CHECK_TIMEOUT_S)
    began, before = monotonic(), clock.now()
    theirs = await venue.call("server_time", deadline=_CHECK_TIMEOUT_S)
    after = clock.now()
    skew = theirs - (before + after) // 2
    reached = Finding(venue.name, "reachable", "ok", f"answers in {(monotonic() - began) * 1000:.0f} ms")
    detail = f"{with_sign(skew, 0)} ms"
    if abs(skew) > _SKEW_MS + (after - before):
        cure = "set this machine's clock (NTP): minutes would close at the wrong moment"
        return [reached, Finding(venue.name, "clock", "warning", detail, cure)]
    return [reached, Finding(venue.name, "clock", "ok", detail)]


async def _taker_side(venue: Venue, instruments: Sequence[Instrument], clock: Clock) -> Finding:
    """Takers that buy lift the price: where a trade moves it, its side and the move agree far more often than not."""
    busiest = next((each for each in instruments if each.base == "BTC" and each.kind == "spot"), instruments[0])
    page = await venue.call("trades", busiest, Cursor(clock.now() - 10 * MINUTE), deadline=_CHECK_TIMEOUT_S)
    moves, share = side_agreement(page.trades)
    if moves < _MIN_PRICE_MOVES or share is None:
        return Finding(venue.name, "taker side", "ok", f"{busiest.symbol}: too few price moves to tell ({moves})")
    detail = f"{busiest.symbol}: {share:.0%} of {moves} price moves go the taker's way"
    if share < 0.5:
        return Finding(venue.name, "taker side", "error", detail, "its buys and sells look swapped: report this to us")
    return Finding(venue.name, "taker side", "ok", detail)


def side_agreement(trades: Trades) -> tuple[int, float | None]:
    """How many trades moved the price, and the share of them whose taker side is that of the move."""
    move = np.sign(np.diff(trades.ticks))
    moved = move != 0
    count = int(moved.sum())
    return count, float((trades.side[1:][moved] == move[moved]).mean()) if count else None
