"""Whether a deployer is told that nothing comes in any more."""

from typing import Any

import pytest

from coinmon_mcp._http.health import Health
from tests.serve.conftest import Stored

STALE = 190
"""Seconds after which three scans were missed."""


def told(health: Health) -> tuple[bool, str, dict[str, Any]]:
    alive, document = health.document()
    return alive, document["status"], document.get("venues", {})


def test_one_venue_down_is_degraded_and_none_fresh_is_an_error(stored: Stored) -> None:
    health = Health(stored.desk, scans=False)
    alive, status, venues = told(health)
    assert (alive, status) == (True, "ok")
    assert venues["okx"]["streams"] == {"stored": 2, "fresh": 2, "stale": []}
    stored.go_on(STALE)
    stored.store_minute("binance", "okx", "bybit")
    alive, status, venues = told(health)
    assert (alive, status) == (True, "degraded")
    assert venues["coinbase"]["status"] == "stale"
    assert venues["coinbase"]["streams"]["stale"] == ["coinbase:BTC/USD"]
    assert venues["okx"]["status"] == "ok"
    stored.go_on(STALE)
    assert told(health)[:2] == (False, "stale")


def test_a_scan_that_hangs_is_an_error_even_while_the_store_is_fresh(stored: Stored) -> None:
    health = Health(stored.desk, scans=True)
    stored.go_on(STALE)
    stored.store_minute()
    assert told(health)[:2] == (False, "stuck")
    health.take({"event": "scan_finished"})
    assert told(health)[:2] == (True, "ok")


def test_a_venue_that_brought_nothing_yet_is_named_with_its_error(stored: Stored) -> None:
    health = Health(stored.desk, scans=True)
    health.take({"event": "venue", "venue": "kraken", "status": "down", "error": "no route"})
    alive, status, venues = told(health)
    assert (alive, status) == (True, "degraded")
    assert (venues["kraken"]["status"], venues["kraken"]["error"]) == ("no data", "no route")


def test_before_the_first_scan_it_is_starting_and_not_for_ever(stored: Stored) -> None:
    stored.go_on(STALE)
    health = Health(stored.desk, scans=False)
    assert told(health)[:2] == (True, "starting")
    stored.go_on(STALE)
    assert told(health)[:2] == (False, "stale")


def test_a_database_that_cannot_be_read_is_an_error(stored: Stored) -> None:
    health = Health(stored.desk, scans=False)
    stored.database.close()
    path = stored.database.engine.url.database
    assert path
    with open(path, "wb") as file:
        file.write(b"nothing" * 4096)
    alive, status, _ = told(health)
    assert (alive, status) == (False, "unreadable")
    assert health.ages() == {}


def test_a_dead_task_of_the_scan_is_named(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    health = Health(stored.desk, scans=False)
    rows = {
        "sender of log": {"alive": False, "restarts": 3, "error": "Panic: at the disco"},
        "clock": {"alive": True, "restarts": 0, "error": None},
    }
    monkeypatch.setattr(stored.desk, "tasks", lambda: rows)
    alive, document = health.document()
    assert (alive, document["status"]) == (True, "degraded")
    assert document["dead_tasks"] == {"sender of log": "Panic: at the disco"}
