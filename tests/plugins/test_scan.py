"""Plugins of somebody else's in a real scan: they take part, and one that raises harms nobody."""

import json
import re
import time

import pytest
import yaml

RAISING = '''
import sys
from coinmon import Message, hookimpl

print("chatter at import")

def numb(view) -> dict:
    """Returns what is not a Result."""
    print("chatter of an indicator")
    return {"share": float("nan")}

def leaver(market) -> list:
    """Ends the program."""
    print("chatter of a signal")
    sys.exit(7)

def glum(view, *, word: str = "glum"):
    """Raises on every instrument."""
    raise ValueError(word)

def gloomy(market) -> list:
    """Raises by itself."""
    raise KeyError("gloom")

def echo(market) -> list:
    """Asks an indicator that raises."""
    return [market.spot["acme"].of("glum")]

class Deaf:
    """Takes nothing."""
    wants = frozenset({"flow", "signal"})
    def __init__(self, name): ...
    async def send(self, message: Message) -> None:
        raise OSError("deaf")

class Mute:
    """Lists nothing."""
    def __init__(self, name):
        self.requests = 0
    async def instruments(self):
        raise RuntimeError("mute")

class Babble:
    """Lists nonsense."""
    def __init__(self, name):
        self.requests = 0
    async def instruments(self):
        return [{"symbol": "BTC/USDT"}]

@hookimpl
def register_indicators(register):
    register("glum", glum)
    register("numb", numb)

@hookimpl
def register_signals(register):
    register("gloomy", gloomy)
    register("leaver", leaver)
    register("echo", echo)

@hookimpl
def register_outputs(register):
    register("deaf", Deaf)

@hookimpl
def register_exchanges(register):
    register("mute", Mute)
    register("babble", Babble)
'''


def of_the_broken(said):
    """The lines of a log about the plugin that cannot be imported."""
    lines = [line for line in said.splitlines() if "stopping" in line]
    assert all("WARNING" in line and "dir.stopping" in line for line in lines)
    assert all(re.search(r"KeyboardInterrupt.*stopping\.py\D+1\D", f"{line} ") for line in lines)
    return lines


@pytest.fixture(scope="module")
def market(beside_acme_in, tmp_path_factory):
    """The configuration of an emulator whose clock stands still."""
    folder = tmp_path_factory.mktemp("emulator")
    path = folder / "config.yaml"
    server = beside_acme_in(folder, "emulate", "--port", "0", "--speed", "0", "--write-config", str(path))
    deadline = time.monotonic() + 20
    while not path.exists():
        assert server.poll() is None, server.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield yaml.safe_load(path.read_text("utf-8"))
    server.terminate()
    server.communicate(timeout=5)


@pytest.fixture(scope="module")
def scan(market, beside_acme_in, tmp_path_factory):
    """One scan with Acme and with the raising plugins: events, log lines, folder."""
    folder = tmp_path_factory.mktemp("scan")
    (folder / "mine").mkdir()
    (folder / "mine" / "raising.py").write_text(RAISING, "utf-8")
    (folder / "mine" / "stopping.py").write_text("raise KeyboardInterrupt\n", "utf-8")
    clock = {**market["clock"], **{name: market["clock"][name].isoformat() for name in ("at", "wall")}}
    settings = {
        "clock": clock,
        "db": "sqlite:///scan.db",
        "symbols": ["BTCUSDT", "ETHUSDT"],
        "plugins": {"dir": "mine"},
        "exchanges": {**market["exchanges"], "binance": False, "bybit": False, "coinbase": False},
        "signals": {"acme_always": {"word": "good day"}},
        "outputs": {"filed": {"plugin": "acme_file", "path": str(folder / "told.jsonl")}},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(settings), "utf-8")
    process = beside_acme_in(folder, "scan", "--once", "--json")
    out, log = process.communicate(timeout=60)
    assert process.returncode == 0, log
    return [json.loads(line) for line in out.splitlines()], log.splitlines(), folder


def test_a_third_partys_exchange_is_one_among_the_venues(scan):
    events, _, _ = scan
    assert {each["venue"]: each["status"] for each in events if each["event"] == "venue"} == {
        "okx": "ok", "acme": "ok", "mute": "down", "babble": "down",
    }  # fmt: skip
    for flow in (each for each in events if each["event"] == "flow"):
        # three fifths are bought: the ratio is 1.5
        assert flow["venues"]["acme"]["ratio"] == pytest.approx(1.5)
        assert flow["venues"]["acme"]["coverage"] == 1.0
        assert flow["venues"]["okx"]["coverage"] == 1.0


def test_its_signal_reaches_its_output(scan):
    events, _, folder = scan
    told = [json.loads(line) for line in (folder / "told.jsonl").read_text("utf-8").splitlines()]
    assert {each["pair"] for each in told if each.get("signal") == "acme_always"} == {"BTC/USDT", "ETH/USDT"}
    assert {each["title"]["en"] for each in told if each.get("signal") == "acme_always"} == {"good day"}
    sent = {each["signal"] for each in events if each["event"] == "delivery" and each["output"] == "filed"}
    assert {each["id"] for each in told} == sent


def test_its_bars_and_its_indicator_are_in_export_and_report(scan, beside_acme_in):
    _, _, folder = scan
    done = beside_acme_in(folder, "report", "BTCUSDT", "--offline", "--format", "json")
    out, said = done.communicate(timeout=30)
    # what plugins print is beside the JSON, here as in the scan
    document = json.loads(out)
    assert "chatter of an indicator" in said
    assert len(of_the_broken(said)) == 1
    explained = beside_acme_in(folder, "signals", "--explain", "BTCUSDT", "--json")
    out, said = explained.communicate(timeout=30)
    assert json.loads(out)
    assert "chatter of a signal" in said
    assert len(of_the_broken(said)) == 1
    assert document["indicators"]["numb"] == {}
    assert "returned a dict that is not a Result" in document["failed"]["numb"]
    assert document["indicators"]["acme_mood"]["acme:BTC/USDT"]["share"] == pytest.approx(0.6)
    assert "okx:BTC/USDT" in document["indicators"]["net_flow"]


@pytest.mark.parametrize(
    "told",
    [
        "signal gloomy (plugin dir.raising) raised KeyError: 'gloom'",
        "signal leaver (plugin dir.raising) raised SystemExit: 7",
        "indicator glum (plugin dir.raising) raised ValueError: glum",
    ],
)
def test_what_raises_is_named_in_the_log_once(scan, told):
    _, log, _ = scan
    named = [line for line in log if told in line and "signal echo" not in line]
    assert len(named) == 1
    assert re.search(r"\(raising\.py, line \d+\)$", named[0]), "where it was raised is not said"
    assert not [line for line in log if "Traceback" in line]


def test_what_cannot_be_imported_is_named_in_the_log_once_with_its_line(scan):
    _, log, _ = scan
    assert len(of_the_broken("\n".join(log))) == 1


def test_an_output_that_raises_keeps_its_messages_waiting(scan):
    events, log, _ = scan
    waiting = [each for each in events if each["event"] == "delivery" and each["output"] == "deaf"]
    assert waiting
    assert {(each["state"], each["error"]) for each in waiting} == {("waiting", "OSError: deaf")}
    assert [line for line in log if "output deaf" in line]


def test_what_raised_is_listed_at_the_end_of_the_scan(scan):
    events, _, _ = scan
    (finished,) = [each for each in events if each["event"] == "scan_finished"]
    assert set(finished["failing_plugins"]) == {
        "signal gloomy", "signal leaver", "signal echo", "indicator glum"
    }  # fmt: skip
    errors = {each["venue"]: each["error"] for each in events if each["event"] == "venue"}
    assert "RuntimeError: mute" in errors["mute"]
    assert "not an Instrument" in errors["babble"]
