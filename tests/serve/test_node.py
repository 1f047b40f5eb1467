"""The official conformance suite, the MCP Inspector and the TypeScript SDK against a server.

They run where their packages are, in the folder that TEST_NODE names or in this one:

    npm install --prefix tests/serve
"""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from coinmon.model.moment import iso
from coinmon_mcp._edition import Edition
from coinmon_mcp._http.metrics import Metrics
from coinmon_mcp._tools.toolbox import Toolbox
from tests.forked import Forked, forked_command
from tests.serve.conftest import COINMON, NOW, Stored

FOLDER = Path(os.environ.get("TEST_NODE") or Path(__file__).parent).resolve()
PACKAGES = FOLDER / "node_modules"
NODE = str(PACKAGES / ".bin" / "node")
CLI = PACKAGES / "@modelcontextprotocol" / "inspector" / "clients" / "cli" / "build" / "index.js"
INSPECTOR = [NODE, str(CLI), "--connect-timeout", "60000"]
STDIO = ["serve", "--stdio", "--no-scan"]
CALL = ["--method", "tools/call", "--tool-name", "get_key_levels", "--tool-arg", "symbol=BTCUSDT"]

RULE = "bought: {when: net_flow(spot).net_flow > 0}"
APPLY = {
    "server-initialize", "ping", "completion-complete", "tools-list", "server-sse-polling",
    "server-sse-multiple-streams", "resources-list", "prompts-list", "dns-rebinding-protection",
}  # fmt: skip
"""The suite's other scenarios ask for tools, prompts and resources of its own example server, such as
`test_simple_text`, or for what coinmon has no use for: logging, sampling, elicitation."""

pytestmark = pytest.mark.skipif(
    not Path(NODE).exists(), reason=f"no Node packages in {FOLDER}: npm install --prefix tests/serve"
)


@pytest.fixture(scope="module")
def still(collected: Path) -> Iterator[str]:
    """The address of a server on a market that stands still."""
    log = collected / "still.log"
    command = [*COINMON, "--config", str(collected / "config.yaml"), "serve", "--no-scan", "--port", "0"]
    with log.open("w") as stderr, Forked(command, cwd=collected, stderr=stderr) as server:
        while (found := re.search(r"http://[\d.]+:\d+", log.read_text())) is None:
            assert server.poll() is None, log.read_text()
            time.sleep(0.05)
        yield found[0]
        server.terminate()


def ended(process: "subprocess.Popen[str]") -> str:
    out, err = process.communicate(timeout=90)
    assert process.returncode == 0, err[-2000:]
    return out


def started(*command: str) -> "subprocess.Popen[str]":
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, text=True, **quiet)  # type: ignore[call-overload, no-any-return]


def test_the_conformance_suite_passes_where_it_applies(still: str) -> None:
    suite = [NODE, str(PACKAGES / ".bin" / "conformance"), "server", "--suite", "all"]
    done = started(*suite, "--url", f"{still}/mcp")
    out, _ = done.communicate(timeout=90)
    verdicts = re.findall(r"^([✓✗]) ([\w-]+): \d+ passed, \d+ failed", out, re.MULTILINE)
    assert {name for mark, name in verdicts if mark == "✓"} == APPLY, out[-3000:]


def test_the_typescript_sdk_gets_the_same_from_every_tool_over_every_transport(
    still: str, collected: Path, stored: Stored
) -> None:
    toolbox = Toolbox(stored.desk, Edition(stored.desk), Metrics())
    questions: dict[str, Any] = {name: {"symbol": "BTCUSDT", "at": iso(NOW)} for name in toolbox.tools}
    questions["get_scorecard"] = {"at": iso(NOW)}
    questions["check_rule"] = {"yaml": RULE}
    questions["test_rule"] |= {"yaml": RULE, "days": 1}
    questions["get_orderflow_metrics"] |= {"startTime": NOW - 3_600_000, "endTime": NOW}
    command = [*forked_command(), *STDIO, "--config", str(collected / "config.yaml")]
    asked = {"url": still, "command": command, "questions": questions}
    script = str(Path(__file__).with_name("clients.cjs"))
    found = json.loads(ended(started(NODE, script, str(FOLDER), json.dumps(asked))))
    assert found["http"]["tools"] == [tool.name for tool in toolbox.listed]
    assert found["http"]["answers"].keys() == questions.keys()
    assert found["sse"] == found["http"]
    assert found["stdio"] == found["http"]


def test_the_inspector_lists_and_calls_over_every_transport(
    still: str, collected: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every tool, which takes minutes, is called by benchmarks/serve/inspector.py."""
    # it keeps a catalog in the home folder, and takes --config for its own option
    monkeypatch.setenv("HOME", str(tmp_path))
    over_stdio = [*forked_command(), *STDIO, "-e", f"COINMON_CONFIG={collected / 'config.yaml'}"]
    servers = ([f"{still}/mcp"], [f"{still}/sse"], over_stdio)
    with ExitStack() as stack:
        listing = stack.enter_context(started(*INSPECTOR, *servers[0], "--method", "tools/list"))
        calls = [stack.enter_context(started(*INSPECTOR, *server, *CALL)) for server in servers]
        assert "get_key_levels" in {each["name"] for each in json.loads(ended(listing))["tools"]}
        first, *others = (json.loads(ended(each)) for each in calls)
    assert first["structuredContent"]
    assert others == [first, first]
