"""The MCP Inspector's CLI lists and calls every tool over Streamable HTTP, SSE and stdio; the payloads must be equal.

    npm install --prefix tests/serve
    python benchmarks/serve/inspector.py [--node tests/serve] [--jobs 2]

A process of the Inspector for each call, and a server for each over stdio, so it takes minutes. The market is the
demo's, scanned once; every question is as of the same moment.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

COINMON = [sys.executable, "-m", "coinmon"]
QUIET = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


class Inspector:
    """Runs the CLI."""

    def __init__(self, node: Path, home: str) -> None:
        packages = node.resolve() / "node_modules"
        cli = packages / "@modelcontextprotocol" / "inspector" / "clients" / "cli" / "build" / "index.js"
        self._command = [packages / ".bin" / "node", cli, "--connect-timeout", "120000"]
        # it keeps a catalog there
        self._environ = {**os.environ, "HOME": home}

    def ask(self, server: list[str], *method: str) -> dict:
        done = subprocess.run(
            [*self._command, *server, *method], env=self._environ, stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=180, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{' '.join(method)} over {server[0]}: {done.stderr[-500:]}")
        return json.loads(done.stdout)


def compare(inspector: Inspector, servers: dict[str, list[str]], at: str, jobs: int) -> bool:
    listed = {name: inspector.ask(server, "--method", "tools/list") for name, server in servers.items()}
    well = all(each == listed["http"] for each in listed.values())
    tools = [tool["name"] for tool in listed["http"]["tools"]]
    print(f"tools/list: {len(tools)} tools, {'equal' if well else 'DIFFERENT'}")

    def call(name: str) -> tuple[str, list[dict]]:
        arguments = ["symbol=BTCUSDT", f"at={at}"]
        if name == "get_orderflow_metrics":
            arguments += ["startTime=1768474800000", "endTime=1768478400000"]
        pairs = [part for each in arguments for part in ("--tool-arg", each)]
        method = ["--method", "tools/call", "--tool-name", name, *pairs]
        return name, [inspector.ask(server, *method) for server in servers.values()]

    with ThreadPoolExecutor(jobs) as pool:
        for name, answers in pool.map(call, tools):
            good = not answers[0].get("isError") and all(each == answers[0] for each in answers)
            well = well and good
            print(f"{name:28} {'equal' if good else 'DIFFERENT or an error'}, {len(json.dumps(answers[0]))} bytes")
    return well


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--node", type=Path, default=Path(__file__).parents[2] / "tests" / "serve")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        config, log = Path(folder, "coinmon.yaml"), Path(folder, "log")
        emulate = [*COINMON, "emulate", "--port", "0", "--write-config", config, "--until-stdin-closes"]
        emulator = subprocess.Popen(emulate, **QUIET)
        while not config.exists():
            time.sleep(0.1)
        config.write_text(f"{config.read_text()}\nserve: {{toolset: all}}\n")
        subprocess.run(
            [*COINMON, "--config", config, "scan", "--once"], cwd=folder, stdout=subprocess.DEVNULL, check=True
        )
        report = [*COINMON, "--config", config, "report", "BTCUSDT", "--offline", "--format", "json"]
        at = json.loads(subprocess.run(report, cwd=folder, capture_output=True, check=True).stdout)["as_of"]
        emulator.terminate()
        with log.open("w") as stderr:
            serve = [*COINMON, "--config", config, "serve", "--no-scan", "--port", "0"]
            server = subprocess.Popen(serve, cwd=folder, stderr=stderr)
        try:
            while (found := re.search(r"http://[\d.]+:\d+", log.read_text())) is None:
                time.sleep(0.1)
            stdio = [*COINMON, "serve", "--stdio", "--no-scan", "-e", f"COINMON_CONFIG={config}"]
            servers = {"http": [f"{found[0]}/mcp"], "sse": [f"{found[0]}/sse"], "stdio": stdio}
            well = compare(Inspector(options.node, folder), servers, at, options.jobs)
        finally:
            server.terminate()
    print("PASS" if well else "FAIL")
    sys.exit(not well)


if __name__ == "__main__":
    main()
