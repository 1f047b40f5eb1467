"""Who comes to the desk without the token: one form, and a cookie that stands for the token afterwards."""

from collections.abc import Callable
from contextlib import suppress
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from coinmon.command import SESSION_COOKIE, is_session, session_of
from coinmon_desk._shell import SECURITY, document

_YEAR_S = 31_536_000
_FORM_BYTES = 4096


class Login:
    """token: what opens the desk, None where nothing is asked for. lang: of a request."""

    def __init__(self, token: str | None, lang: Callable[[Request], str]) -> None:
        self._token, self._lang = token, lang

    async def answer(self, request: Request) -> Response:
        lang, token = self._lang(request), self._token
        target = _own_path(request.query_params.get("next", "/"))
        if token is None or is_session(request.cookies.get(SESSION_COOKIE), token):
            return RedirectResponse(target, 303, SECURITY)
        wrong = False
        if request.method == "POST":
            given = await _form(request)
            if is_session(session_of(given), token):
                made = RedirectResponse(target, 303, SECURITY)
                secure = request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"
                made.set_cookie(
                    SESSION_COOKIE, session_of(token), httponly=True, samesite="strict", secure=secure, max_age=_YEAR_S
                )
                return made
            wrong = True
        return document("login.html", lang, 401 if wrong else 200, wrong=wrong, next=target)


def _own_path(target: str) -> str:
    """Only a path of this server's is gone to after the login."""
    return target if target.startswith("/") and not target.startswith("//") and "\\" not in target else "/"


async def _form(request: Request) -> str:
    """The token field of a small form."""
    body = b""
    with suppress(UnicodeDecodeError):
        async for part in request.stream():
            body += part
            if len(body) > _FORM_BYTES:
                return ""
        return parse_qs(body.decode()).get("token", [""])[0]
    return ""
