"""An authorisation server on loopback, of the SDK's parts: it gives whoever asks a JWT for the address asked."""

import secrets
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from mcp.server.auth.provider import AccessToken, AuthorizationCode, AuthorizationParams, construct_redirect_uri
from mcp.server.auth.routes import build_metadata, create_auth_routes
from mcp.server.auth.settings import ClientRegistrationOptions, RevocationOptions
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken
from pydantic import AnyHttpUrl
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def signed(issuer: str, audience: str, *, key: Any = KEY, lasts_s: int = 600, **claims: Any) -> str:
    """A token as the server gives it, or with something wrong."""
    now = int(time.time())
    said = {"iss": issuer, "aud": audience, "sub": "trader", "client_id": "test", "exp": now + lasts_s, **claims}
    return jwt.encode(said, key, "RS256", {"kid": "one"})


class Provider:
    """Clients, codes and tokens in memory; everyone is let in."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.given: list[str] = []
        self._clients: dict[str, OAuthClientInformationFull] = {}
        self._codes: dict[str, AuthorizationCode] = {}

    async def get_client(self, client_id: str) -> OAuthClientInformationFull | None:
        return self._clients.get(client_id)

    async def register_client(self, client_info: OAuthClientInformationFull) -> None:
        self._clients[str(client_info.client_id)] = client_info

    async def authorize(self, client: OAuthClientInformationFull, params: AuthorizationParams) -> str:
        code = AuthorizationCode(
            code=secrets.token_urlsafe(24), scopes=params.scopes or [], expires_at=time.time() + 60,
            client_id=str(client.client_id), code_challenge=params.code_challenge, redirect_uri=params.redirect_uri,
            redirect_uri_provided_explicitly=params.redirect_uri_provided_explicitly, resource=params.resource,
        )  # fmt: skip
        self._codes[code.code] = code
        return construct_redirect_uri(str(params.redirect_uri), code=code.code, state=params.state, iss=self.issuer)

    async def load_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: str
    ) -> AuthorizationCode | None:
        return self._codes.get(authorization_code)

    async def exchange_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: AuthorizationCode
    ) -> OAuthToken:
        del self._codes[authorization_code.code]
        token = signed(self.issuer, str(authorization_code.resource), client_id=str(client.client_id))
        self.given.append(token)
        return OAuthToken(access_token=token, expires_in=600)

    async def load_refresh_token(self, client: OAuthClientInformationFull, refresh_token: str) -> None:
        return None

    async def load_access_token(self, token: str) -> AccessToken | None:
        return None


def authorization_server(issuer: str) -> tuple[Starlette, Provider]:
    """The server, and what it has given. issuer: ends in a slash, as the SDK writes an address without a path."""
    provider = Provider(issuer)
    registration = ClientRegistrationOptions(enabled=True)
    metadata = build_metadata(AnyHttpUrl(issuer), None, registration, RevocationOptions())

    async def described(request: Request) -> JSONResponse:
        return JSONResponse(metadata.model_dump(mode="json", exclude_none=True) | {"jwks_uri": f"{issuer}keys"})

    async def keys(request: Request) -> JSONResponse:
        public = RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
        return JSONResponse({"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]})

    routes = create_auth_routes(provider, AnyHttpUrl(issuer), client_registration_options=registration)  # type: ignore[arg-type]
    ours = [Route("/.well-known/oauth-authorization-server", described), Route("/keys", keys)]
    return Starlette(routes=[*ours, *routes]), provider
