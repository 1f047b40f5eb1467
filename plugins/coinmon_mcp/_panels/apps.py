"""Which tools have a panel, and the page that draws it: one file that needs nothing but its host.

The host gives the panel the tool's arguments and answer; the panel asks through it for the scene of that answer
(`get_chart`) and draws it by the report's own modules. A client that shows no pages gets the text as ever.
"""

from functools import cache
from importlib.resources import files
from typing import Any

import mcp_types as types
from mcp.server.apps import APP_MIME_TYPE, Apps

from coinmon.command import as_one_script, style
from coinmon_mcp._tools.chart import CHARTED


class Panels:
    """The extension as our server announces it."""

    def __init__(self) -> None:
        self._apps = Apps()
        for name in CHARTED:
            uri = _address(name)
            self._apps.add_html_resource(uri, page_of(name), name=f"{name} chart", prefers_border=True)
            self._apps.tool(resource_uri=uri, name=name)(_unused)
        self._apps.tool(resource_uri=_address(CHARTED[0]), visibility=["app"], name="get_chart")(_unused)
        self._meta = {str(each.kwargs["name"]): each.meta for each in self._apps.tools()}
        self._pages = {str(each.resource.uri): each.resource for each in self._apps.resources()}

    @property
    def extension(self) -> dict[str, dict[str, Any]]:
        """What the server says that it can do."""
        return {self._apps.identifier: {**self._apps.settings(), "mimeTypes": [APP_MIME_TYPE]}}

    def with_panels(self, tools: list[types.Tool]) -> list[types.Tool]:
        """The tools, with their panels where they have one."""
        return [
            tool.model_copy(update={"meta": self._meta[tool.name]}) if tool.name in self._meta else tool
            for tool in tools
        ]

    def listed(self) -> list[types.Resource]:
        return [
            types.Resource(uri=uri, name=page.name or uri, mime_type=page.mime_type, _meta=page.meta)
            for uri, page in self._pages.items()
        ]

    async def read(self, uri: str) -> types.TextResourceContents | None:
        """A panel's page; None where there is none at that address."""
        page = self._pages.get(uri)
        if page is None:
            return None
        return types.TextResourceContents(
            uri=uri, text=str(await page.read()), mime_type=page.mime_type, _meta=page.meta
        )


@cache
def page_of(tool: str) -> str:
    """The page, which knows whose panel it is."""
    page, script = (_file(name) for name in ("panel.html", "panel.js"))
    parts = {"TOOL": tool, "STYLE": style(), "SCRIPT": f"{as_one_script()}\n{script}"}
    for name, text in parts.items():
        page = page.replace(f"<!--{name}-->", text)
    return page


def _file(name: str) -> str:
    return (files("coinmon_mcp._panels") / name).read_text("utf-8")


def _address(tool: str) -> str:
    return f"ui://coinmon/{tool}.html"


def _unused() -> None:
    """The SDK's extension binds functions; ours are called by the toolbox."""
