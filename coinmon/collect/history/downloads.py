"""Files of history on their way: the best that a venue has, and in words what could not be had."""

from collections.abc import Sequence
from pathlib import Path

from coinmon.collect.history.patience import PatientVenue
from coinmon.collect.history.plan import DownloadedFiles, Span
from coinmon.collect.history.progress import Progress
from coinmon.collect.venue import Venue
from coinmon.errors import NotPublished, VenueBlocked, VenueBusy, VenueError
from coinmon.plugin.archives import Archive, Archives


class ArchiveDownloads:
    """Downloads of one venue into a folder.

    problems: where it adds what could not be had. absent: where it adds what the venue has not.
    refused: the host of files does not serve this network, and is not asked again.
    """

    def __init__(self, venue: Venue, folder: Path, progress: Progress, problems: list[str], absent: list[str]) -> None:
        self._venue = venue
        self._folder = folder
        self._progress = progress
        self._problems, self._absent = problems, absent
        self.refused = False

    async def of_span(self, archives: Archives, span: Span) -> DownloadedFiles:
        trades = await self.first(archives, span.trades, lasting=not span.parts)
        if trades is None and span.parts:
            return DownloadedFiles(None, None)
        return DownloadedFiles(trades, await self.first(archives, span.bars))

    async def first(
        self, archives: Archives, candidates: Sequence[Archive], *, lasting: bool = True
    ) -> tuple[Archive, Path] | None:
        """The best file that is there. lasting: what is not there is told; else others are asked for instead."""
        if self.refused:
            return None
        unpublished: list[str] = []
        for archive in candidates:
            path = self._folder / archive.name
            try:
                await self._fetched(archives, archive, path)
                return archive, path
            except NotPublished as error:
                unpublished.append(str(error))
            except VenueBlocked as error:
                # the host of files alone: the venue's own interface may answer
                self.refused = True
                self._problems.append(str(error))
                return None
            except VenueError as error:
                self._problems.append(str(error))
        self._absent += unpublished[:1] if lasting else []
        return None

    async def _fetched(self, archives: Archives, archive: Archive, path: Path) -> None:
        while True:
            try:
                await archives.fetch(archive, path, self._progress.received)
                return
            except VenueBusy as error:
                if not isinstance(self._venue, PatientVenue):
                    raise
                await self._venue.sit_out(error)
