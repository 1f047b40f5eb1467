"""`coinmon doctor --deep`: all well at the emulator; one thing that a venue says otherwise turns its own finding."""

import asyncio
import json
import socket
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import yaml

from coinmon.clock import Clock
from coinmon.config.load import load_config
from coinmon.run.deep.examination import examine_deeply

CHECKS = [
    "listing rows", "listing against store", "minutes of spot", "minutes of perp", "taker side against book",
    "open interest", "funding interval", "file of yesterday", "limits told",
]  # fmt: skip


@pytest.fixture
def between(emulator, changed):
    """A server between coinmon and one venue of the emulator, which twists answers: the configuration that asks it."""
    servers = []

    def start(venue, twist):
        settings = yaml.safe_load(emulator.read_text())["exchanges"][venue]
        url = next(each for name, each in settings.items() if name in ("url", "spot_url")).removesuffix(f"/{venue}")

        class Twisted(BaseHTTPRequestHandler):
            def do_GET(self):
                asked = Request(url + self.path, headers={"Accept-Encoding": "identity"})
                try:
                    with urlopen(asked) as reply:
                        status, headers, body = reply.status, reply.headers, reply.read()
                except HTTPError as refused:
                    status, headers, body = refused.code, refused.headers, refused.read()
                made = twist(self.path, body)
                status, body = made if isinstance(made, tuple) else (status, made)
                self.send_response(status)
                for name in headers:
                    if name.lower() not in ("content-length", "connection", "transfer-encoding", "server", "date"):
                        self.send_header(name, headers[name])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_): ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Twisted)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        here = f"127.0.0.1:{server.server_port}"
        ours = {name: each.replace(url.removeprefix("http://"), here) for name, each in settings.items()}
        return changed(exchanges={venue: ours})

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def deep(coinmon):
    def examine(config, venue, db="d.db"):
        done = coinmon("--config", config, "--db", db, "doctor", "--deep", "--json", "--exchange", venue)
        document = json.loads(done.out)
        assert done.code == (0 if document["ok"] else 1)
        found = {each["check"]: each for each in document["findings"] if each["subject"] == venue}
        return {check: found[check] for check in CHECKS if check in found}

    return examine


def in_json(part, change):
    """A twist of the answers whose path holds `part`."""

    def twist(path, body):
        if part not in path:
            return body
        document = json.loads(body)
        return json.dumps(change(document) or document).encode()

    return twist


def test_all_is_well(coinmon, emulator):
    done = coinmon("--config", emulator, "--db", "d.db", "doctor", "--deep", "--json")
    assert done.code == 0
    found = [each for each in json.loads(done.out)["findings"] if each["check"] in CHECKS]
    assert {each["status"] for each in found} == {"ok", "unknown"}
    told = {(each["subject"], each["check"]): each["detail"] for each in found if each["status"] == "unknown"}
    # a market that hardly trades, and a database without markets
    for (_, check), why in told.items():
        assert check in ("listing against store", "taker side against book")
        assert why.startswith("could not be checked: ")
    for venue in ("binance", "bybit", "okx"):
        assert [each["check"] for each in found if each["subject"] == venue] == CHECKS
    # what a venue does not have is not listed
    coinbase = [each["check"] for each in found if each["subject"] == "coinbase"]
    assert coinbase == [CHECKS[0], CHECKS[1], CHECKS[2], CHECKS[4], CHECKS[8]]


def louder(document):
    for row in document:
        row[5], row[9] = str(float(row[5]) * 10), str(float(row[9]) * 10)


def in_contracts(document):
    document["openInterest"] = str(float(document["openInterest"]) * 1000)


def dearer(document):
    for row in document["data"]:
        row["oiUsd"] = row["oiUsd"] and str(float(row["oiUsd"]) * 10)


def hourly(document):
    for row in document:
        row["fundingIntervalHours"] = 1


def by_the_hour(document):
    for row in document["result"]["list"]:
        if row.get("fundingIntervalHour"):
            row["fundingIntervalHour"] = "1"


def without_filters(document):
    del document["symbols"][3]["filters"]


def refused_once():
    left = [1]

    def twist(path, body):
        if "/klines" in path and left:
            left.pop()
            return 429, b'{"code":-1003,"msg":"Too many requests"}'
        return body

    return twist


TWISTS = [
    ("binance", in_json("/api/v3/klines", louder), "minutes of spot", "error", "by its bar"),
    ("binance", in_json("/fapi/v1/openInterest", in_contracts), "open interest", "error", "the newest of its history"),
    ("okx", in_json("/public/open-interest", dearer), "open interest", "error", "times the price it is"),
    ("binance", in_json("/fapi/v1/fundingInfo", hourly), "funding interval", "warning", "USDT:USDT no interval"),
    ("bybit", in_json("/market/tickers", by_the_hour), "funding interval", "error", "1 h, but settled 8 h apart"),
    ("binance", in_json("/api/v3/exchangeInfo", without_filters), "listing rows", "warning", "lacks filters"),
    ("binance", in_json("/api/v3/klines", lambda rows: {"rows": rows}), "minutes of spot", "error", "Binance"),
    ("binance", refused_once(), "limits told", "warning", "refused 1 times 429"),
    (
        "binance",
        lambda path, body: b"0" * 64 + body[64:] if path.endswith(".CHECKSUM") else body,
        "file of yesterday",
        "error",
        "checksum",
    ),
]


@pytest.mark.parametrize(("venue", "twist", "check", "status", "told"), TWISTS)
def test_one_thing_that_is_otherwise_turns_its_own_finding(deep, between, venue, twist, check, status, told):
    found = deep(between(venue, twist), venue)
    turned = found.pop(check)
    assert (turned["status"], told in turned["detail"]) == (status, True), turned
    assert turned["expected"]
    assert turned["cure"]
    assert {each["status"] for each in found.values()} <= {"ok", "unknown"}


@pytest.mark.parametrize(("swapped", "status"), [(False, "ok"), (True, "error")])
def test_takers_against_the_book(emulator, deep, between, swapped, status):
    """Trades at the book as it is: buys at the ask, sells at the bid, or the other way round."""
    now = round(yaml.safe_load(emulator.read_text())["clock"]["at"].timestamp() * 1000)
    last = {}

    def twist(path, body):
        if "/depth" in path:
            document = json.loads(body)
            last.update(
                buy=document["bids" if swapped else "asks"][0][0], sell=document["asks" if swapped else "bids"][0][0]
            )
        elif "/aggTrades" in path and last:
            sides = ["buy", "sell"] * 15
            rows = [
                {"a": at, "p": last[side], "q": "1.00000", "f": at, "l": at, "T": now, "m": side == "sell", "M": True}
                for at, side in enumerate(sides, 9_000_000_000)
            ]
            body = json.dumps(rows).encode()
        return body

    found = deep(between("binance", twist), "binance")["taker side against book"]
    assert (found["status"], "of 60 trades of 2 markets" in found["detail"]) == (status, True), found


def test_a_listing_that_is_not_what_was_stored(deep, between, scanned, tmp_path):
    database = tmp_path / "stored.db"
    database.write_bytes(scanned.read_bytes())

    def finer(document):
        for row in document["symbols"]:
            for each in row["filters"]:
                if "tickSize" in each:
                    each["tickSize"] = "0.000001"

    config = between("binance", in_json("/exchangeInfo", finer))
    found = deep(config, "binance", "stored.db")["listing against store"]
    assert found["status"] == "warning"
    assert "tick 0.01 stored, 0.000001 listed" in found["detail"]
    as_stored = deep(between("binance", lambda _, body: body), "binance", "stored.db")
    assert as_stored["listing against store"]["status"] == "ok"


def test_a_venue_that_never_answers_costs_no_more_than_the_time_given(emulator, changed, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        config = load_config(changed(exchanges={"okx": {"url": url}}, db="sqlite:///d.db"))
        config = replace(config, exchanges={"okx": config.exchanges["okx"]})
        began = monotonic()
        found = asyncio.run(examine_deeply(config, Clock(), seconds=0.5))
        assert monotonic() - began < 5
    assert {each.status for each in found} == {"unknown"}
    assert [each.check for each in found] == CHECKS
    assert any("no answer" in each.detail or "no time" in each.detail for each in found)


def test_nobody_listens(coinmon, changed):
    with socket.socket() as freed:
        freed.bind(("127.0.0.1", 0))
        port = freed.getsockname()[1]
    config = changed(exchanges={"okx": {"url": f"http://127.0.0.1:{port}", "timeout": 1}}, db="sqlite:///d.db")
    done = coinmon("--config", config, "doctor", "--deep", "--exchange", "okx")
    assert done.code == 1
    assert not done.err
    assert all(line.count("\t") == 4 for line in done.out.splitlines())
    lines = [line.split("\t") for line in done.out.splitlines()]
    assert {status for status, _, check, *_ in lines if check in CHECKS} == {"unknown"}
