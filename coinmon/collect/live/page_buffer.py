"""Pages of a stream, kept until its tracks need them: handed over together, each instrument costs once a minute."""

from itertools import pairwise

from coinmon.model.streamed import StreamedMany
from coinmon.plugin.stream_items import Streamed
from coinmon.plugin.trade_page import TradePage


class PageBuffer:
    """Pages that join what came before them, until somebody wants to know."""

    def __init__(self) -> None:
        self._many: dict[int, list[StreamedMany]] = {}
        self._quiet: dict[str, Streamed] = {}

    def add(self, news: Streamed | StreamedMany) -> bool:
        """Keep a page; False if its track has to get it at once, after the pages kept before."""
        if isinstance(news, StreamedMany):
            self._many.setdefault(id(news.instruments), []).append(news)
            return True
        if len(news.data.trades) or not news.data.joined:
            return False
        # of several moments up to which nothing more traded the last one says all
        self._quiet[news.instrument.id] = news
        return True

    def drain(self) -> list[Streamed]:
        """One page for each instrument, and the moments up to which quiet ones are known."""
        pages = [page for parts in self._many.values() for page in _pages(StreamedMany.concat(parts))]
        pages += self._quiet.values()
        self._many, self._quiet = {}, {}
        return pages


def _pages(many: StreamedMany) -> list[Streamed]:
    starts = many.starts
    edges = [*starts.tolist(), len(many.at)]
    firsts = [None] * len(starts) if many.first_ids is None else many.first_ids[starts].tolist()
    return [
        Streamed(instrument, TradePage(many.trades[a:b], joined=True, first_id=first))
        for instrument, (a, b), first in zip(many.instruments_seen, pairwise(edges), firsts, strict=True)
    ]
