"""OAuth: tokens of an authorisation server of the user's, and where clients find it.

Clients read at our resource metadata (RFC 9728) which server gives tokens, get one there, and show it as a bearer.
A token is a JWT (RFC 9068) that this server signed for our address, which is its audience.
"""

import asyncio
import time
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import jwt
import orjson
from jwt import PyJWKClient
from loguru import logger
from mcp.client.auth.utils import build_oauth_authorization_server_metadata_discovery_urls as metadata_urls
from mcp.server.auth.middleware.bearer_auth import BearerAuthBackend
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.routes import build_resource_metadata_url, create_protected_resource_routes, validate_issuer_url
from pydantic import AnyHttpUrl
from starlette.requests import HTTPConnection
from starlette.routing import Route
from starlette.types import Scope

from coinmon.command import ConfigError

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
"""Signatures by a key pair: we hold nothing that could sign."""
_TIMEOUT_S = 5.0
_RETRY_S = 30.0
"""A server that does not answer is asked again after this long."""
_CLOCK_LEEWAY_S = 30


class OAuth:
    """Who comes with a token of that server. resource: our address, as clients are given it."""

    def __init__(self, issuer: str, resource: str) -> None:
        try:
            validate_issuer_url(AnyHttpUrl(issuer))
        except ValueError as error:
            raise ConfigError(f"serve.authorization_server {issuer}: {error}") from None
        address = AnyHttpUrl(resource)
        self.metadata_url = str(build_resource_metadata_url(address))
        self.metadata_path = urlsplit(self.metadata_url).path
        self.routes: list[Route] = create_protected_resource_routes(
            address, [AnyHttpUrl(issuer)], resource_name="coinmon"
        )
        self._backend = BearerAuthBackend(SignedTokens(issuer, resource), resource_server_url=address)

    @property
    def challenge(self) -> str:
        """What a refusal says of where tokens are had."""
        return f'Bearer resource_metadata="{self.metadata_url}"'

    async def admits(self, scope: Scope) -> bool:
        """Whether the request shows a token that holds; its sessions are then its own."""
        found = await self._backend.authenticate(HTTPConnection(scope))
        if found is None:
            return False
        scope["auth"], scope["user"] = found
        return True


class SignedTokens:
    """The SDK's verifier of tokens: those that the server signed."""

    def __init__(self, issuer: str, resource: str) -> None:
        self._issuer = issuer
        self._resource = resource
        self._keys: tuple[str, PyJWKClient] | None = None
        self._asked_at = -_RETRY_S
        self._lock = asyncio.Lock()

    async def verify_token(self, token: str) -> AccessToken | None:
        if token.count(".") != 2:
            return None
        found = await self._server()
        if found is None:
            return None
        issuer, keys = found
        try:
            claims = await asyncio.to_thread(self._claims, token, issuer, keys)
        except jwt.PyJWKClientConnectionError as error:
            logger.warning("serve.authorization_server {}: its keys cannot be read ({})", self._issuer, error)
            return None
        except jwt.PyJWTError:
            return None
        scope = claims.get("scope", "")
        return AccessToken(
            token=token, client_id=str(claims.get("client_id") or claims.get("azp") or claims.get("sub") or "?"),
            scopes=scope.split() if isinstance(scope, str) else [], expires_at=int(claims["exp"]),
            resource=self._resource, subject=claims.get("sub"), claims=claims,
        )  # fmt: skip

    def _claims(self, token: str, issuer: str, keys: PyJWKClient) -> dict[str, Any]:
        key = keys.get_signing_key_from_jwt(token)
        found: dict[str, Any] = jwt.decode(
            token, key, algorithms=_ALGORITHMS, issuer=issuer, leeway=_CLOCK_LEEWAY_S,
            audience=[self._resource, f"{self._resource}/"], options={"require": ["exp", "iss", "aud"]},
        )  # fmt: skip
        return found

    async def _server(self) -> tuple[str, PyJWKClient] | None:
        """The server's name as it says it, and its keys."""
        async with self._lock:
            if self._keys is None and time.monotonic() - self._asked_at >= _RETRY_S:
                self._asked_at = time.monotonic()
                self._keys = await asyncio.to_thread(self._discovered)
            return self._keys

    def _discovered(self) -> tuple[str, PyJWKClient] | None:
        why = []
        for url in metadata_urls(self._issuer, self._resource):
            try:
                with urlopen(Request(url, headers={"Accept": "application/json"}), timeout=_TIMEOUT_S) as reply:
                    said = orjson.loads(reply.read(1_000_000))
                named, keys = str(said["issuer"]), str(said["jwks_uri"])
            except (OSError, ValueError, KeyError, TypeError) as error:
                why.append(f"{url}: {type(error).__name__} {error}")
                continue
            if named.rstrip("/") != self._issuer.rstrip("/"):
                why.append(f"{url} is of another server, {named}")
                continue
            return named, PyJWKClient(keys, timeout=_TIMEOUT_S)
        logger.warning("serve.authorization_server {} cannot be used: {}", self._issuer, "; ".join(why))
        return None
