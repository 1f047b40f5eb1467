"""What `deploy/` holds says what coinmon understands: the image, compose, the systemd unit."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml

from coinmon.cli import run

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
OURS = {name: service for name, service in COMPOSE["services"].items() if service["image"] == "coinmon"}


def test_the_image_is_built_of_what_is_there():
    sources = [path for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.M) for path in line.split()]
    assert "constraints.txt" in sources
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
    assert all((ROOT / path).exists() and path not in ignored for path in sources)
    (extras,) = re.findall(r'"\.\[(.+)\]"', DOCKERFILE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert set(extras.split(",")) <= set(project["optional-dependencies"])


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False), (None, False)])
def test_the_health_check_is_what_healthz_says(status, healthy):
    class Health(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    (check,) = re.findall(r"^HEALTHCHECK .*\\\n +CMD (.+)$", DOCKERFILE, re.M)
    _, *arguments = json.loads(check)
    with HTTPServer(("127.0.0.1", 0), Health) as server:
        port = server.server_port
        if status is None:
            server.server_close()
        else:
            threading.Thread(target=server.handle_request, daemon=True).start()
        done = subprocess.run(
            [sys.executable, *arguments], env={"MCP_PORT": str(port)}, capture_output=True, timeout=20, check=False
        )
    assert (done.returncode == 0) is healthy


@pytest.mark.parametrize("name", OURS)
def test_a_service_runs_a_command_that_there_is_with_settings_that_there_are(name, capsys):
    command = OURS[name]["command"]
    assert run([*(command.split() if isinstance(command, str) else command), "--help"]) == 0
    known = (ROOT / ".env.example").read_text("utf-8")
    of_libpq = {"PGPASSWORD"}
    assert all(f"#{key}=" in known for key in OURS[name]["environment"].keys() - of_libpq)
    assert OURS[name]["read_only"]


@pytest.fixture(scope="module")
def compose_tool():
    """A command that reads today's compose files, or None."""
    for tool in (["docker", "compose"], ["podman-compose"]):
        if shutil.which(tool[0]):
            found = subprocess.run([*tool, "version"], capture_output=True, text=True, timeout=30, check=False)
            if found.returncode == 0 and not re.search(r"version:?\s+1\.0\.", found.stdout):
                return tool
    return None


@pytest.mark.parametrize("profile", [[], ["--profile", "postgres"]], ids=["sqlite", "postgres"])
def test_compose_takes_it(compose_tool, profile):
    if compose_tool is None:
        pytest.skip("neither docker's compose plugin nor podman-compose 1.1 or later is installed")
    environment = os.environ | {"MCP_TOKEN": "x", "POSTGRES_PASSWORD": "y"}
    command = [*compose_tool, "-f", DEPLOY / "compose.yaml", *profile, "config"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert ("scanner-2" in yaml.safe_load(done.stdout)["services"]) is bool(profile)


def test_systemd_takes_the_unit(tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    unit = (DEPLOY / "coinmon.service").read_text("utf-8")
    program, command = re.findall(r"^ExecStart=(\S+) (.+)$", unit, re.M)[0]
    assert run([command, "--help"]) == 0
    (tmp_path / "coinmon.service").write_text(unit.replace(program, "/bin/true"), "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / "coinmon.service")],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
