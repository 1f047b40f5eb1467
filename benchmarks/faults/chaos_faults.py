"""What is done to the scans of the chaos campaign, a function a kind."""

import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from chaos_life import Life


def _victim(campaign: Any) -> Life:
    """Mostly the one that scans: the oldest that lost its place to nobody; the other one waits for it, and ends."""
    running = campaign.running() or [campaign.begin()]
    holders = [life for life in running if not life.replaced]
    if holders and campaign.random.random() < 0.9:
        campaign.holders_hit += 1
        return holders[0]
    return campaign.random.choice(running)


def _kill(campaign: Any) -> None:
    life = _victim(campaign)
    campaign.cuts.append(time.time())
    life.process.kill()
    life.process.wait()


def _stop(campaign: Any) -> None:
    """SIGSTOP, on a server with its connections cut so that another takes over, then SIGCONT."""
    life = _victim(campaign)
    life.process.send_signal(signal.SIGSTOP)
    campaign.cuts.append(time.time())
    if campaign.server:
        campaign.server.terminate_all()
        life.replaced = True
    campaign.keep_two()
    time.sleep(campaign.random.uniform(0.5, 5))
    life.process.send_signal(signal.SIGCONT)
    campaign.cuts.append(time.time())


def _clock(campaign: Any) -> None:
    campaign.clock.set(campaign.clock.offset + campaign.random.choice([-3600, -60, -10, 10, 60, 3600]))


def _terminate(campaign: Any) -> None:
    campaign.cuts.append(time.time())
    campaign.server.terminate_all()


def _restart(campaign: Any) -> None:
    campaign.cuts.append(time.time())
    campaign.server.stop(campaign.random.choice(["immediate", "fast"]))
    time.sleep(campaign.random.uniform(0.5, 4))
    campaign.server.start()
    campaign.cuts.append(time.time())


def _lock(campaign: Any) -> None:
    """Another process writes for some seconds; the next faults may come meanwhile."""
    code = (
        f"import sqlite3,time; c = sqlite3.connect({str(campaign.disk / 'coinmon.db')!r}, timeout=20, "
        f"isolation_level=None); c.execute('BEGIN IMMEDIATE'); time.sleep({campaign.random.uniform(0.5, 4):.1f})"
    )
    nobody = subprocess.DEVNULL
    campaign.writers = [each for each in campaign.writers if each.poll() is None]
    campaign.writers.append(subprocess.Popen([sys.executable, "-c", code], stdout=nobody, stderr=nobody))


def _full(campaign: Any) -> None:
    filler = campaign.disk / "filler"
    try:
        with filler.open("wb") as file:
            while file.write(b"x" * 2**20):
                file.flush()
    except OSError:
        time.sleep(campaign.random.uniform(0.5, 4))
    filler.unlink(missing_ok=True)


def _idle(campaign: Any) -> None:
    """Clients that say nothing, at one that serves; its health is asked beside them."""
    serving = [life for life in campaign.running() if life.serves and time.time() - life.started > 10]
    if not serving:
        return
    port = serving[0].serves
    try:
        clients = [socket.create_connection(("127.0.0.1", port), 1) for _ in range(200)]
    except OSError:
        return
    began = time.time()
    with suppress(OSError):
        # 503 is an answer too
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10).read()
    campaign.slow_health.append(time.time() - began)
    for client in clients:
        client.close()


FAULTS: Mapping[str, Callable[[Any], None]] = {
    "kill": _kill, "stop": _stop, "clock": _clock, "terminate": _terminate, "restart": _restart,
    "lock": _lock, "full": _full, "idle": _idle,
}  # fmt: skip
