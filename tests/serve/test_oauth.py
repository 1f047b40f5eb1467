"""Who comes with a token of the user's authorisation server, which runs on loopback."""

import asyncio
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import uvicorn
from mcp import ClientSession
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata, OAuthToken
from pydantic import AnyUrl

from tests.forked import Forked
from tests.serve.authorization_server import OTHER_KEY, Provider, authorization_server, signed
from tests.serve.conftest import COINMON

ASKED = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[Provider]:
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    app, provider = authorization_server(f"http://127.0.0.1:{taken.getsockname()[1]}/")
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
    thread = Thread(target=lambda: server.run(sockets=[taken]), daemon=True)
    thread.start()
    yield provider
    server.should_exit = True
    thread.join(5)


@pytest.fixture(scope="module")
def guarded(collected: Path, issuer: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that asks for such a token."""
    log = tmp_path_factory.mktemp("oauth") / "log"
    command = [*COINMON, "--config", str(collected / "config.yaml"), "serve", "--no-scan", "--port", "0"]
    environ = {"MCP_AUTHORIZATION_SERVER": issuer.issuer, "MCP_TOKEN": "a-long-secret", "PATH": "/usr/bin:/bin"}
    with log.open("w") as stderr, Forked(command, cwd=collected, stderr=stderr, env=environ) as server:
        while (found := re.search(r"http://[\d.]+:\d+", log.read_text())) is None:
            assert server.poll() is None, log.read_text()
            time.sleep(0.05)
        yield found[0]
        server.terminate()


class Kept:
    """A client's memory."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


def test_a_client_that_knows_only_the_address_gets_in(guarded: str, issuer: Provider) -> None:
    """The SDK's client: refused, it reads where tokens are had, registers, is let in there, and asks again."""
    came: list[str] = []

    async def visit(url: str) -> None:
        async with httpx2.AsyncClient(trust_env=False) as browser:
            came.append((await browser.get(url)).headers["location"])

    async def come_back() -> AuthorizationCodeResult:
        said = {name: values[0] for name, values in parse_qs(urlsplit(came[-1]).query).items()}
        return AuthorizationCodeResult(code=said["code"], state=said.get("state"), iss=said.get("iss"))

    async def talk() -> list[str]:
        about = OAuthClientMetadata(client_name="test", redirect_uris=[AnyUrl("http://127.0.0.1:1/back")])
        auth = OAuthClientProvider(f"{guarded}/mcp", about, Kept(), visit, come_back)
        async with (
            httpx2.AsyncClient(auth=auth, trust_env=False, follow_redirects=True) as http,
            streamable_http_client(f"{guarded}/mcp", http_client=http) as streams,
            ClientSession(streams[0], streams[1]) as session,
        ):
            await session.initialize()
            return [tool.name for tool in (await session.list_tools()).tools]

    assert "get_report" in asyncio.run(talk())
    assert len(came) == len(issuer.given) == 1


def post(address: str, token: str | None) -> httpx2.Response:
    headers = {"Accept": "application/json, text/event-stream"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return httpx2.post(f"{address}/mcp", json=ASKED, headers=headers, trust_env=False)


def test_a_refusal_says_where_tokens_are_had(guarded: str, issuer: Provider) -> None:
    refused = post(guarded, None)
    assert refused.status_code == 401
    (where,) = re.findall(r'resource_metadata="([^"]+)"', refused.headers["www-authenticate"])
    assert where == f"{guarded}/.well-known/oauth-protected-resource/mcp"
    told = httpx2.get(where, trust_env=False).json()
    assert told["resource"] == f"{guarded}/mcp"
    assert told["authorization_servers"] == [issuer.issuer]


def test_only_a_token_that_the_server_signed_for_us_holds(guarded: str, issuer: Provider) -> None:
    ours = f"{guarded}/mcp"
    assert post(guarded, signed(issuer.issuer, ours)).status_code != 401
    assert post(guarded, "a-long-secret").status_code != 401, "our own token holds beside it"
    wrong: dict[str, Any] = {
        "for another": signed(issuer.issuer, "http://127.0.0.1:1/mcp"),
        "of another": signed("http://127.0.0.1:1", ours),
        "over": signed(issuer.issuer, ours, lasts_s=-60),
        "signed by another": signed(issuer.issuer, ours, key=OTHER_KEY),
        "unsigned": ".".join([*signed(issuer.issuer, ours).split(".")[:2], ""]),
        "no token": "a.b.c",
    }
    assert {why: post(guarded, token).status_code for why, token in wrong.items()} == dict.fromkeys(wrong, 401)
