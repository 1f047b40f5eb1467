"""A signal or a whale in one line of a terminal: the log's file, messages and the pair's report say the rest."""

from datetime import datetime
from zoneinfo import ZoneInfo

from rich.text import Text

from coinmon.model.events import AlertRecord, SignalEvent, WhaleEvent
from coinmon.model.verdicts import verdict_words
from coinmon.report.cell_text import price, signal_text

SAID_BY_TABLES = ("💰", "===", "🚨", "🐳")
"""Marks of the log's lines that a table says itself: flows, when a scan begins and ends, and what is made here."""


def told_line(event: SignalEvent | WhaleEvent, lang: str, zone: ZoneInfo, width: int) -> Text:
    """When, which pair, what it is called and what its like were worth. Its reading, and before it the date of the day,
    only where `width` has room for them."""
    at = datetime.fromisoformat(event.time).astimezone(zone)
    line, reading = Text(f"{at:%H:%M:%S} "), Text()
    if isinstance(event, WhaleEvent):
        line.append(f"{event.pair} ").append_text(signal_text(event, lang)).append(f" @ {price(event.price)}")
    else:
        line.append(f"🚨 {event.pair} ").append_text(signal_text(event, lang))
        reading.append(f" - {event.reading.say(lang)}")
        if isinstance(event.record, AlertRecord):
            verdict = verdict_words(event.record.verdict).say(lang)
            line.append(f"（战绩：{verdict}）" if lang == "zh" else f" (record: {verdict})")
    for longer in (Text(f"{at:%Y-%m-%d} ").append_text(line), Text(f"{at:%Y-%m-%d} ").append_text(line + reading)):
        line = longer if longer.cell_len <= width else line
    return line
