"""What the table knows: a row a pair, and which of them are shown in which order."""

from collections.abc import Sequence

from coinmon.model.events import Event, FlowEvent, ScanFinished, ScanStarted, SignalEvent, VenueEvent, WhaleEvent
from coinmon.report.cell_text import newness
from coinmon.report.table.figures import PairFigures
from coinmon.report.table.rows import PairRow


class TableState:
    """Rows by pair. sort: a column's key, None for the order in which pairs are followed; scans: how many ended."""

    def __init__(self) -> None:
        self.rows: dict[str, PairRow] = {}
        self.venues: dict[str, VenueEvent] = {}
        self.sort: str | None = None
        self.falling = True
        self.wanted = ""
        self.scans = 0
        self.scanning = False
        self.window = 50
        self._heard: dict[str, SignalEvent | WhaleEvent] = {}
        self._looked_at: dict[str, int] = {}

    def take(self, event: Event) -> None:
        if isinstance(event, FlowEvent):
            self.window = event.window or self.window
            row = self.rows.get(event.pair)
            if row is None:
                self.rows[event.pair] = PairRow(event, self._heard.get(event.pair))
            else:
                row.flow = event
        elif isinstance(event, SignalEvent | WhaleEvent):
            before = self._heard.get(event.pair)
            if before is None or newness(event) >= newness(before):
                self._heard[event.pair] = event
                if event.pair in self.rows:
                    self.rows[event.pair].heard = event
        elif isinstance(event, VenueEvent):
            self.venues[event.venue] = event
        elif isinstance(event, ScanStarted):
            self.scanning = True
        elif isinstance(event, ScanFinished):
            self.scanning = False
            self.scans += 1

    def shown(self) -> list[str]:
        """The pairs that the filter lets through, in order; what is unknown stands last."""
        wanted = self.wanted.upper().replace("/", "").split()
        found = [
            pair for pair in self.rows if not wanted or any(each in pair.replace("/", "").upper() for each in wanted)
        ]
        if self.sort is None:
            return found
        key = self.sort
        known = [pair for pair in found if self.rows[pair].sorts_by(key) is not None]
        known.sort(key=lambda pair: self.rows[pair].sorts_by(key), reverse=self.falling)
        return known + [pair for pair in found if self.rows[pair].sorts_by(key) is None]

    def stale(self, pairs: Sequence[str]) -> str | None:
        """The first of these pairs whose figures are older than the newest scan."""
        return next((each for each in pairs if self.scans and self._looked_at.get(each, 0) < self.scans), None)

    def looked_at(self, pair: str, figures: PairFigures | None, scans: int) -> None:
        """scans: how many had ended when the store was looked at."""
        self._looked_at[pair] = scans
        if figures is not None and pair in self.rows:
            self.rows[pair].figures = figures
