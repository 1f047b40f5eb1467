"""Open interest and funding: slower than bars, asked for all perps of a venue at once."""

import asyncio
from collections.abc import Mapping, Sequence

from coinmon.collect.track.track import Track
from coinmon.collect.venue import Venue
from coinmon.errors import CoinmonError
from coinmon.model.derivatives import Funding, OpenInterest
from coinmon.plugin.answers import mapping_of
from coinmon.store.database import Database
from coinmon.store.samples import write_samples

_KINDS = {"open_interest": OpenInterest, "funding": Funding}


async def sample(
    venues: Sequence[Venue], tracks: Mapping[str, Sequence[Track]], database: Database, deadline: float
) -> dict[str, str]:
    """Ask each venue that is up once and store its samples; returns why requests failed, by venue and method."""
    problems: dict[str, str] = {}

    async def ask(venue: Venue, method: str) -> None:
        perps = [track for track in tracks.get(venue.name, ()) if track.instrument.kind == "perp"]
        if not perps or venue.blocked or venue.down or not venue.has(method):
            return
        try:
            said = await venue.call(method, [track.instrument for track in perps], deadline=deadline)
            found = mapping_of(said, method, _KINDS[method])
        except CoinmonError as error:
            problems[f"{venue.name} {method}"] = str(error)
            return
        except (TypeError, ValueError) as error:
            problems[f"{venue.name} {method}"] = f"{venue.name}: {method} {error}"
            return
        samples = {track.number: found[track.instrument.id] for track in perps if track.instrument.id in found}
        at = venue.clock.now()
        await database.written(lambda connection: write_samples(connection, samples, at))

    await asyncio.gather(*(ask(venue, method) for venue in venues for method in ("open_interest", "funding")))
    return problems
