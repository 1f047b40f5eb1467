"""Looking changes nothing."""

from pathlib import Path

from coinmon.clock import Clock
from coinmon.report.text import details, render
from coinmon.run.reader import MarketReader
from coinmon.store.books import write_observed_minutes


def test_read_only_queries_never_write(stored, report_on):
    config, database = stored
    path = Path(database.engine.url.database)

    def content():
        return [each.read_bytes() for each in (path, path.with_name(f"{path.name}-wal")) if each.exists()]

    before = content()
    report = report_on(config, database)
    assert report.results
    report.document()
    render(report, "en", 100, 30)
    details(report, "en")
    desk = MarketReader(config, Clock(), database)
    desk.judged(report.market)
    desk.flow("BTCUSDT", report.market.now)
    assert desk.followed()
    assert desk.signals(None, 0, report.market.now) == []
    assert content() == before
    # where something is written it shows
    with database.write() as connection:
        write_observed_minutes(connection, {1: [0]})
    assert content() != before
