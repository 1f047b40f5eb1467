"""The MCP side: tools, resources and prompts as the SDK's server asks for them."""

import asyncio
from importlib.metadata import version
from typing import Any

import mcp_types as types
import orjson
from mcp.server.apps import client_supports_apps
from mcp.server.lowlevel import Server
from mcp.server.lowlevel.server import NotificationOptions
from mcp.server.models import InitializationOptions
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ResourceUpdated
from mcp.shared.exceptions import MCPError

from coinmon_mcp._listing import listed, shared_arguments
from coinmon_mcp._panels.apps import Panels
from coinmon_mcp._prompts import PROMPTS, prompt_text
from coinmon_mcp._resources import SIGNALS, TEMPLATES, Resources, address_of
from coinmon_mcp._tools.toolbox import CallFailed, Toolbox

INSTRUCTIONS = (
    "Order flow and fund flow of crypto markets across exchanges, from one-minute footprint bars that coinmon keeps. "
    "Begin with get_report for a pair. Every answer says as of when it is, by which convention, and how much of the "
    "market was seen (coverage): do not conclude from what was not seen; null means unknown, never zero. "
    "Money is in quote currency. Lists in the order of time keep their newest rows where they are cut, and `cursor` "
    "goes back. "
    f"What arguments mean in every tool: {shared_arguments()}."
)

_NOTICE_TIMEOUT_S = 5.0


class Protocol:
    """One MCP server for all transports."""

    def __init__(self, toolbox: Toolbox, resources: Resources) -> None:
        self._toolbox = toolbox
        self._resources = resources
        # by connection, for a session object is made anew for each request: one to tell it by, and the addresses
        self._subscribers: dict[Any, tuple[Any, set[str]]] = {}
        self._bus = InMemorySubscriptionBus()
        self._panels = Panels()
        self.listed = listed(toolbox.listed)
        self._listed_with_panels = self._panels.with_panels([*self.listed, *listed(toolbox.for_panels)])
        self.server: Server[Any] = Server(
            "coinmon",
            version=version("coinmon"),
            title="coinmon",
            instructions=INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_list_resource_templates=self._list_templates,
            on_read_resource=self._read_resource,
            on_subscribe_resource=self._subscribe,
            on_unsubscribe_resource=self._unsubscribe,
            on_subscriptions_listen=ListenHandler(self._bus),
            on_list_prompts=self._list_prompts,
            on_get_prompt=self._get_prompt,
            on_completion=self._complete,
            get_tool_input_schema={tool.name: tool.input_schema for tool in self._listed_with_panels}.get,
        )
        self.server.extensions |= self._panels.extension

    def options(self) -> InitializationOptions:
        return self.server.create_initialization_options(NotificationOptions())

    async def changed(self, *, signals: bool) -> None:
        """Tell those who asked that there are new reports, and with `signals` that there is a new signal."""
        for pair in await self._resources.symbols():
            await self._bus.publish(ResourceUpdated(uri=address_of(pair)))
        if signals:
            await self._bus.publish(ResourceUpdated(uri=SIGNALS))
        # side by side and not for long: one client that does not read must not keep the news from the others
        telling = [
            asyncio.wait_for(session.send_resource_updated(uri), _NOTICE_TIMEOUT_S)
            for session, uris in self._subscribers.values()
            for uri in uris
            if signals or uri != SIGNALS
        ]
        await asyncio.gather(*telling, return_exceptions=True)

    async def _list_tools(self, ctx: Any, params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=self._listed_with_panels if client_supports_apps(ctx) else self.listed)

    async def _call_tool(self, ctx: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        if params.name not in self._toolbox.tools:
            there = ", ".join(sorted(self._toolbox.tools))
            raise MCPError(types.INVALID_PARAMS, f"Unknown tool: {params.name[:100]}; there is {there}")
        try:
            answer = await self._toolbox.call(params.name, params.arguments or {})
        except CallFailed as failure:
            return types.CallToolResult(content=[types.TextContent(text=str(failure))], is_error=True)
        text = orjson.dumps(answer).decode()
        return types.CallToolResult(content=[types.TextContent(text=text)], structured_content=answer)

    async def _list_resources(self, ctx: Any, params: Any) -> types.ListResourcesResult:
        found = await self._resources.listed()
        panels = self._panels.listed() if client_supports_apps(ctx) else []
        return types.ListResourcesResult(
            resources=[
                types.Resource(uri=uri, name=name, description=text, mime_type="application/json")
                for uri, name, text in found
            ]
            + panels
        )

    async def _list_templates(self, ctx: Any, params: Any) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(
            resource_templates=[
                types.ResourceTemplate(uri_template=uri, name=name, description=text, mime_type="application/json")
                for uri, name, text in TEMPLATES
            ]
        )

    async def _read_resource(self, ctx: Any, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        uri = str(params.uri)
        panel = await self._panels.read(uri)
        if panel is not None:
            return types.ReadResourceResult(contents=[panel])
        try:
            text = await self._resources.read(uri)
        except CallFailed as failure:
            raise MCPError(types.INVALID_PARAMS, str(failure), {"uri": uri[:200]}) from None
        contents = types.TextResourceContents(uri=uri, text=text, mime_type="application/json")
        return types.ReadResourceResult(contents=[contents])

    async def _subscribe(self, ctx: Any, params: types.SubscribeRequestParams) -> types.EmptyResult:
        uri = str(params.uri)
        if not await self._resources.known(uri):
            raise MCPError(types.INVALID_PARAMS, f"no such resource: {uri[:200]}; there is {SIGNALS}")
        connection = _connection(ctx)
        if connection not in self._subscribers:
            self._subscribers[connection] = ctx.session, set()
            connection.exit_stack.callback(self._subscribers.pop, connection)
        self._subscribers[connection][1].add(uri)
        return types.EmptyResult()

    async def _unsubscribe(self, ctx: Any, params: types.UnsubscribeRequestParams) -> types.EmptyResult:
        _, uris = self._subscribers.get(_connection(ctx), (None, set[str]()))
        uris.discard(str(params.uri))
        return types.EmptyResult()

    async def _list_prompts(self, ctx: Any, params: Any) -> types.ListPromptsResult:
        return types.ListPromptsResult(prompts=PROMPTS)

    async def _get_prompt(self, ctx: Any, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        try:
            text = prompt_text(params.name, params.arguments or {})
        except CallFailed as failure:
            raise MCPError(types.INVALID_PARAMS, str(failure)) from None
        message = types.PromptMessage(role="user", content=types.TextContent(text=text))
        return types.GetPromptResult(messages=[message])

    async def _complete(self, ctx: Any, params: types.CompleteRequestParams) -> types.CompleteResult:
        """Symbols that begin like what was typed; nothing else that we take can be guessed."""
        begun = params.argument.value.upper().replace("/", "") if params.argument.name == "symbol" else None
        found = [] if begun is None else [each for each in await self._resources.symbols() if each.startswith(begun)]
        values = types.Completion(values=found[:100], total=len(found), has_more=len(found) > 100)
        return types.CompleteResult(completion=values)


def _connection(ctx: Any) -> Any:
    """What a request came by, and what ends when its client goes.

    The SDK makes a session anew for each request and has no public way from it to the connection; without that, nobody
    could unsubscribe, and whoever went would be told for ever. Clients of the newer protocol listen by the SDK's bus.
    """
    connection = getattr(ctx.session, "_connection", None)
    if not hasattr(connection, "exit_stack"):
        raise MCPError(types.INTERNAL_ERROR, "resources/subscribe does not work with this version of the mcp package")
    return connection
