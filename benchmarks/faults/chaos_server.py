"""What the chaos campaign fights with: a PostgreSQL server of its own, a robot that misbehaves, a clock that is set."""

import glob
import json
import os
import random
import shutil
import socket
import subprocess
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

FAKETIME = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)
TROUBLE = {"ok": 60, "500": 8, "422": 6, "302": 4, "lost": 8, "hang": 4, "429": 4}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Robot:
    """A webhook on loopback. arrivals: by id, when each came and whether its answer was lost. calm: no trouble more.

    asked: how many posts were made.
    """

    def __init__(self, seed: int) -> None:
        self.arrivals: dict[str, list[tuple[float, bool]]] = defaultdict(list)
        self.calm = False
        self.asked = 0
        self._random, self._lock = random.Random(seed), threading.Lock()
        robot = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                robot.take(self, body)

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        with self._lock:
            self.asked += 1
            trouble = "ok" if self.calm else self._random.choices(list(TROUBLE), list(TROUBLE.values()))[0]
        if trouble in ("500", "422", "302", "429"):
            request.send_response(int(trouble))
            request.send_header("Retry-After", "1")
            request.end_headers()
            return
        event = json.loads(body)
        told = event["events"] if "events" in event else [event, *event.get("also", [])]
        ids = [each["id"] for each in told]
        with self._lock:
            for id in ids:
                self.arrivals[id].append((time.time(), trouble != "ok"))
        if trouble == "hang":
            time.sleep(4)
        if trouble == "ok":
            request.send_response(200)
            request.end_headers()
        else:
            request.close_connection = True


class Postgres:
    """A server whose backends can be ended and which can be started again."""

    def __init__(self, folder: Path) -> None:
        initdb = next(iter(sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))))
        self._binaries, self._data, self._port = Path(initdb).parent, folder / "pg", free_port()
        self._user = "postgres" if os.geteuid() == 0 else None
        self._data.mkdir()
        if self._user:
            shutil.chown(self._data, self._user)
            for each in (folder, *folder.parents):
                if each.stat().st_mode & 0o001 == 0:
                    each.chmod(each.stat().st_mode | 0o011)
        self._run(
            "initdb", "-D", str(self._data), "-U", "coinmon", "-A", "trust", "--no-sync", "-E", "UTF8", "--no-locale"
        )
        self.start()
        self.url = f"postgresql://coinmon@127.0.0.1:{self._port}/postgres"

    def start(self) -> None:
        options = f"-p {self._port} -k {self._data} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run("pg_ctl", "-D", str(self._data), "-o", options, "-w", "-l", str(self._data / "log"), "start")

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "-D", str(self._data), "-m", mode, "stop")

    def terminate_all(self) -> None:
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )

    def _run(self, program: str, *arguments: str) -> None:
        # its output is inherited by the server, which would keep a pipe open
        subprocess.run(
            [self._binaries / program, *arguments], check=program != "pg_ctl",
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=self._user, cwd=self._data, timeout=60,
        )  # fmt: skip


class FakeClock:
    """A clock that all scans share and that can be set; steady clocks stay as they are.

    works: there is a libfaketime; else no clock is set.
    """

    works = FAKETIME is not None

    def __init__(self, folder: Path) -> None:
        self._path, self.offset = folder / "faketime", 0
        self._site = folder / "site"
        self._site.mkdir()
        # libfaketime's own sleep fails (EINVAL) where it leaves steady clocks alone
        sleep = "import threading, time\ntime.sleep = lambda seconds: threading.Event().wait(seconds) and None\n"
        (self._site / "sitecustomize.py").write_text(sleep)
        self.set(0)

    def set(self, offset: int) -> None:
        """So many seconds from the true time."""
        self.offset = offset
        fresh = self._path.with_suffix(".new")
        fresh.write_text(f"{offset:+d}s")
        fresh.replace(self._path)

    def environment(self) -> dict[str, str]:
        if FAKETIME is None:
            return {}
        return {
            "PYTHONPATH": os.pathsep.join(filter(None, (str(self._site), os.environ.get("PYTHONPATH")))),
            "LD_PRELOAD": FAKETIME, "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_TIMESTAMP_FILE": str(self._path),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1",
            # else a thread that waits for the interpreter asks without a pause: half the processor's time went there
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        }  # fmt: skip
