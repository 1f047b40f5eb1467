"""A venue's public files of history."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from coinmon.model.bars import Bars
from coinmon.model.derivatives import Funding, OpenInterest
from coinmon.model.instrument import Instrument, Kind
from coinmon.plugin.trade_page import TradePage


@dataclass(frozen=True, slots=True)
class Archive:
    """A file of history that a venue publishes.

    data: what is in it. native_id: of which instrument; kind: None where the name does not say. start, end: the whole
    minutes that it is complete for, ms UTC.
    ids_run: its trade ids run on by one, so that a hole shows; else the venue's klines have to prove the trades.
    """

    name: str
    data: Literal["trades", "bars", "open_interest", "funding"]
    native_id: str
    kind: Kind | None
    start: int
    end: int
    url: str = ""
    ids_run: bool = True


ArchivePart = TradePage | Bars | Sequence[OpenInterest] | Sequence[Funding]
"""What reading an archive yields, by its `data`. A page of trades that is not `joined` follows a hole."""


class Archives(Protocol):
    """A venue's public files of history: `Exchange.archives`."""

    def covering(self, instrument: Instrument, start: int, end: int) -> Sequence[Archive]:
        """The files for [start, end), ms UTC. Of several of the same time and data the first is the best."""
        ...

    def recognise(self, path: Path) -> Archive | None:
        """What a file on disk is, by its name and first line; None for one that is not this venue's.

        Raises DecodeError for one that cannot be opened.
        """
        ...

    def instrument(self, archive: Archive, path: Path) -> Instrument | None:
        """Whose file on disk it is, where the venue cannot be asked: grids as its numbers show; None: cannot tell."""
        ...

    async def fetch(self, archive: Archive, to: Path, progress: Callable[[int], None]) -> None:
        """Download, compare with the published checksum if there is one, and only then put the file at `to`.

        progress: told the bytes of each piece. Raises NotPublished, WrongChecksum, and as `Exchange`
        methods do.
        """
        ...

    def read(self, archive: Archive, path: Path, instrument: Instrument) -> Iterator[ArchivePart]:
        """The contents in blocks that bound the memory, trades in order of time.

        Raises DecodeError for a file that is damaged or of something else, FinerGrid for prices between the ticks.
        """
        ...
