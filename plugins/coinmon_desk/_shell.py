"""The desk's documents: a frame of HTML without inline script or style, and what browsers are told about it."""

import gzip
import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader
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


_DOCUMENTS = Environment(loader=FunctionLoader(_own), autoescape=True, trim_blocks=True, lstrip_blocks=True)


def document(name: str, lang: str, status: int = 200, **values: Any) -> Response:
    """One of the desk's documents."""
    text = _DOCUMENTS.get_template(name).render(lang=lang, words=WORDS[lang], **values)
    return HTMLResponse(text, status, SECURITY)


def static(name: str, asked: Mapping[str, str]) -> Response | None:
    """A module, the style sheet or the icon by its name; None: there is none of this name.

    asked: the request's headers. A browser that has it already is told so.
    """
    found = _file(name)
    if found is None:
        return None
    plain, squeezed, mark, kind = found
    headers = SECURITY | {"ETag": mark, "Vary": "Accept-Encoding"}
    if mark in asked.get("if-none-match", ""):
        return Response(b"", 304, headers)
    if "gzip" in asked.get("accept-encoding", ""):
        return Response(squeezed, 200, headers | {"Content-Encoding": "gzip"}, kind)
    return Response(plain, 200, headers, kind)


@cache
def _file(name: str) -> tuple[bytes, bytes, str, str] | None:
    """Its bytes, the same compressed, what stands for them, and of which kind they are."""
    kind = "text/javascript"
    if name == "desk.css":
        text, kind = style() + _own("desk.css"), "text/css"
    elif name == "icon.svg":
        text, kind = ICON, "image/svg+xml"
    elif name in MODULES or name in OWN_MODULES:
        text = _module(name)
    else:
        return None
    plain = text.encode()
    return plain, gzip.compress(plain, 9), f'"{sha256(plain).hexdigest()[:16]}"', kind


def _module(name: str) -> str:
    return web_file(name) if name in MODULES else _own(name)


_IMPORTED = re.compile(r'^import .* from "\./([a-z]+\.js)";$', re.MULTILINE)


@cache
def modules_of(page: str) -> tuple[str, ...]:
    """Every module that a page needs: told in its document they come together, and not one after another."""
    found: list[str] = []
    wanted = ["desk.js", f"{page}.js"]
    while wanted:
        name = wanted.pop(0)
        if name not in found:
            found.append(name)
            wanted += _IMPORTED.findall(_module(name))
    return tuple(found)
