"""`coinmon serve`: the MCP server, and the scan that feeds it."""

from typing import Annotated

import typer

from coinmon.command import ConfigError, desk_for, hookimpl, interrupts_noted


def serve(
    ctx: typer.Context,
    stdio: Annotated[bool, typer.Option("--stdio", help="Speak on stdin and stdout instead of HTTP.")] = False,
    host: Annotated[str | None, typer.Option(help="Address to listen on (default 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (default 8022).", min=0, max=65535)] = None,
    scan: Annotated[
        bool, typer.Option("--scan/--no-scan", help="Scan too, or only serve what another process stores.")
    ] = True,
    demo: Annotated[bool, typer.Option("--demo", help="Against the built-in emulator.")] = False,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Listen beyond this machine without a token: anyone may ask.")
    ] = False,
) -> None:
    """Let AI assistants ask: an MCP server over Streamable HTTP, SSE or stdio."""
    try:
        with interrupts_noted():
            from coinmon_mcp._run import serve_http, serve_stdio
    except ModuleNotFoundError as error:
        raise ConfigError(f"coinmon serve needs {error.name}: pip install '.[serve]' in coinmon's folder") from None

    with desk_for(ctx.obj, demo=demo, serve__host=host, serve__port=port) as desk:
        if stdio:
            serve_stdio(desk, scan=scan)
        else:
            serve_http(desk, scan=scan, insecure=insecure)


@hookimpl
def register_commands(app: typer.Typer) -> None:
    app.command("serve")(serve)
