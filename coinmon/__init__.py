"""coinmon: where the money flows across crypto exchanges, and when it matters.

This module is the plugin author's whole API. Names load on first use, so that `import coinmon` (and with it
`coinmon --help`) stays instant.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pluggy import HookimplMarker

if TYPE_CHECKING:
    from coinmon.commands.serving import desk_for as desk_for
    from coinmon.config.parsers import DEFAULT_SESSIONS as DEFAULT_SESSIONS
    from coinmon.config.parsers import parse_sessions as parse_sessions
    from coinmon.config.parsers import time_zone as time_zone
    from coinmon.errors import CoinmonError as CoinmonError
    from coinmon.errors import ConfigError as ConfigError
    from coinmon.errors import DecodeError as DecodeError
    from coinmon.errors import DeliveryRefused as DeliveryRefused
    from coinmon.errors import DeliveryRetry as DeliveryRetry
    from coinmon.errors import DeliverySplit as DeliverySplit
    from coinmon.errors import DeliveryThrottled as DeliveryThrottled
    from coinmon.errors import FinerGrid as FinerGrid
    from coinmon.errors import NoDataError as NoDataError
    from coinmon.errors import NotPublished as NotPublished
    from coinmon.errors import VenueBlocked as VenueBlocked
    from coinmon.errors import VenueBusy as VenueBusy
    from coinmon.errors import VenueError as VenueError
    from coinmon.market.panel import Box as Box
    from coinmon.market.panel import Cells as Cells
    from coinmon.market.panel import Columns as Columns
    from coinmon.market.panel import Level as Level
    from coinmon.market.panel import Line as Line
    from coinmon.market.panel import Panel as Panel
    from coinmon.market.panel import Points as Points
    from coinmon.market.panel import Rows as Rows
    from coinmon.market.panel import Table as Table
    from coinmon.market.panel import Tone as Tone
    from coinmon.market.result import Moment as Moment
    from coinmon.market.result import Reason as Reason
    from coinmon.market.result import Result as Result
    from coinmon.market.result import SeenReport as SeenReport
    from coinmon.market.result import moment as moment
    from coinmon.market.view import Market as Market
    from coinmon.market.view import View as View
    from coinmon.model.bars import Bars as Bars
    from coinmon.model.bars import Coverage as Coverage
    from coinmon.model.bars import Seen as Seen
    from coinmon.model.book import Book as Book
    from coinmon.model.book import Depth as Depth
    from coinmon.model.book import Near as Near
    from coinmon.model.book import Picture as Picture
    from coinmon.model.derivatives import Funding as Funding
    from coinmon.model.derivatives import Liquidation as Liquidation
    from coinmon.model.derivatives import OpenInterest as OpenInterest
    from coinmon.model.derivatives import Ticker as Ticker
    from coinmon.model.derivatives import WhaleTrade as WhaleTrade
    from coinmon.model.instrument import Instrument as Instrument
    from coinmon.model.instrument import Kind as Kind
    from coinmon.model.instrument import Pair as Pair
    from coinmon.model.levels import Levels as Levels
    from coinmon.model.moment import DAY as DAY
    from coinmon.model.moment import MINUTE as MINUTE
    from coinmon.model.moment import iso as iso
    from coinmon.model.moment import parse_time as parse_time
    from coinmon.model.signal import Bilingual as Bilingual
    from coinmon.model.signal import Signal as Signal
    from coinmon.model.signal import Silent as Silent
    from coinmon.model.signal import Text as Text
    from coinmon.model.signal import say as say
    from coinmon.model.streamed import StreamedMany as StreamedMany
    from coinmon.model.trades import Trades as Trades
    from coinmon.model.trades import to_ticks as to_ticks
    from coinmon.plugin.contracts import Archive as Archive
    from coinmon.plugin.contracts import ArchivePart as ArchivePart
    from coinmon.plugin.contracts import Archives as Archives
    from coinmon.plugin.contracts import Channel as Channel
    from coinmon.plugin.contracts import Cursor as Cursor
    from coinmon.plugin.contracts import Exchange as Exchange
    from coinmon.plugin.contracts import Message as Message
    from coinmon.plugin.contracts import Output as Output
    from coinmon.plugin.contracts import Stream as Stream
    from coinmon.plugin.contracts import Streamed as Streamed
    from coinmon.plugin.contracts import StreamedBook as StreamedBook
    from coinmon.plugin.contracts import StreamedLiquidations as StreamedLiquidations
    from coinmon.plugin.contracts import StreamState as StreamState
    from coinmon.plugin.contracts import TradePage as TradePage
    from coinmon.run.reader import Desk as Desk

hookimpl = HookimplMarker("coinmon")

_HOMES = {
    "commands.serving": ("desk_for",),
    "plugin.contracts": (
        "Archive", "ArchivePart", "Archives", "Channel", "Cursor", "Exchange", "Message", "Output", "Stream",
        "StreamState", "Streamed", "StreamedBook", "StreamedLiquidations", "TradePage",
    ),
    "run.reader": ("Desk",),
    "errors": (
        "CoinmonError", "ConfigError", "DecodeError", "DeliveryRefused", "DeliveryRetry", "DeliverySplit",
        "DeliveryThrottled", "FinerGrid", "NoDataError", "NotPublished", "VenueBlocked", "VenueBusy", "VenueError",
    ),
    "market.panel": (
        "Box", "Cells", "Columns", "Level", "Line", "Panel", "Points", "Rows", "Table", "Tone",
    ),
    "market.result": ("Moment", "Reason", "Result", "SeenReport", "moment"),
    "market.view": ("Market", "View"),
    "model.bars": ("Bars", "Coverage", "Seen"),
    "model.book": ("Book", "Depth", "Near", "Picture"),
    "model.derivatives": ("Funding", "Liquidation", "OpenInterest", "Ticker", "WhaleTrade"),
    "model.instrument": ("Instrument", "Kind", "Pair"),
    "model.levels": ("Levels",),
    "model.moment": ("DAY", "MINUTE", "iso", "parse_time"),
    "model.signal": ("Bilingual", "Signal", "Silent", "Text", "say"),
    "model.streamed": ("StreamedMany",),
    "model.trades": ("Trades", "to_ticks"),
    "config.parsers": ("DEFAULT_SESSIONS", "parse_sessions", "time_zone"),
}  # fmt: skip
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [*_HOME_OF, "hookimpl"]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'coinmon' has no attribute {name!r}")
    return getattr(import_module(f"coinmon.{home}"), name)
