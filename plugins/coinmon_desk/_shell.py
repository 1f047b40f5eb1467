"""The desk's documents: a frame of HTML without inline script or style, and what browsers are told about it."""

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment
from starlette.responses import HTMLResponse, Response

from coinmon.command import MODULES, style, web_file
from coinmon_desk._words import WORDS

SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
OWN_MODULES = ("desk.js", "board.js", "pair.js", "tape.js", "state.js", "events.js", "stream.js", "forming.js")
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#2563c9"/>'
    '<path d="M3 11l3-4 3 2 4-6" stroke="#fff" stroke-width="2" fill="none"/></svg>'
)


@cache
def _own(name: str) -> str:
    return (files("coinmon_desk") / "web" / name).read_text("utf-8")


@cache
def _template(name: str) -> Any:
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(_own(name))


def document(name: str, lang: str, status: int = 200, **values: Any) -> Response:
    """One of the desk's documents."""
    text = _template(name).render(lang=lang, words=WORDS[lang], **values)
    return HTMLResponse(text, status, SECURITY)


def static(name: str) -> Response | None:
    """A module, the style sheet or the icon by its name; None: there is none of this name."""
    if name == "desk.css":
        return Response(style() + _own("desk.css"), media_type="text/css", headers=SECURITY)
    if name == "icon.svg":
        return Response(ICON, media_type="image/svg+xml", headers=SECURITY)
    if name in MODULES:
        return Response(web_file(name), media_type="text/javascript", headers=SECURITY)
    if name in OWN_MODULES:
        return Response(_own(name), media_type="text/javascript", headers=SECURITY)
    return None
