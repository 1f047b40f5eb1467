"""`coinmon emulate`: the venues' public APIs on loopback, with recorded or made-up markets."""

from pathlib import Path
from typing import Annotated

import typer

from coinmon.command import hookimpl, speaker

LOAD = "load:rate=5000,okx=559,binance=400,bybit=400,coinbase=200 (trades a second, instruments of each venue)."
FAULTS = (
    "What goes wrong, comma-separated: VENUE:KIND, then if wanted @START+DURATION in seconds, /PART-OF-A-PATH, "
    "?p=PROBABILITY. VENUE is binance, okx, bybit, coinbase, hyperliquid or *. KIND is 429 or 418 (or "
    "429=RETRY-AFTER), 451, 403, 500, 502, 503, 504, slow=SECONDS, cut, garbage, html, silence, refuse, skew=MS, "
    "jump=MS, gap=N (trades or messages missing in each 100), repeat; on sockets alone drop, stall, late=SECONDS."
    " A socket's path begins with /stream. Odd shapes: unlisted=BASE, delisted=BASE, odd=BASE (empty funding and "
    "open interest), tick=BASE, firewall, ban=SECONDS (no Retry-After); of files bom, exponent, blank, cutday. "
    "For example: okx:503@10+30,binance:429=5/klines,*:slow=2?p=0.1,bybit:stall@60+30/stream"
)


def emulate(
    tape: Annotated[
        list[Path] | None,
        typer.Option(
            help="What to play: a folder of `coinmon record`, Binance's raw streams (plain or gz), or Binance Vision "
            "trades or aggTrades."
        ),
    ] = None,
    scenario: Annotated[
        str,
        typer.Option(
            help="A made-up market when there is no tape: default, quiet, wide, signals, field, load, or " + LOAD
        ),
    ] = "default",
    seed: Annotated[int, typer.Option(help="Another seed is another market with other events.", min=0)] = 1,
    port: Annotated[int, typer.Option(help="0 takes any free one.", min=0, max=65535)] = 8099,
    at: Annotated[str | None, typer.Option(help="Where the clock starts (ISO 8601, UTC).")] = None,
    speed: Annotated[float, typer.Option(help="How fast the clock runs; 0 is frozen.", min=0)] = 1.0,
    faults: Annotated[str, typer.Option(help=FAULTS)] = "",
    limits: Annotated[bool, typer.Option("--limits/--no-limits", help="Enforce the venues' rate limits.")] = True,
    robots: Annotated[bool, typer.Option("--robots", help="Also group robots, and print what arrives there.")] = False,
    write_config: Annotated[
        Path | None, typer.Option(help="Write the config that points coinmon here, once the server listens.")
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option(help="A venue that the config switches on beside the four, repeatable: hyperliquid."),
    ] = None,
    until_stdin_closes: Annotated[
        bool, typer.Option("--until-stdin-closes", help="End when standard input ends.")
    ] = False,
) -> None:
    """Run Binance, OKX, Bybit, Coinbase and Hyperliquid on loopback.

    The market is a tape (--tape, repeatable) or a seeded scenario. The address and the config that points every other
    coinmon command at it are printed; Ctrl-C ends it.
    """
    # Everything heavy is behind this line: `coinmon --help` must not pay for a web server.
    from coinmon_emulator.server.run import Complaint, Order, run

    order = Order(
        tapes=tuple(tape or ()),
        scenario=scenario,
        seed=seed,
        port=port,
        at=at,
        speed=speed,
        faults=faults,
        limits=limits,
        robots=robots,
        write_config=write_config,
        until_stdin_closes=until_stdin_closes,
        also=tuple(also or ()),
    )
    try:
        run(order)
    except Complaint as complaint:
        typer.echo(f"coinmon emulate: {speaker()(str(complaint))}", err=True)
        raise typer.Exit(2) from None


@hookimpl
def register_commands(app: typer.Typer) -> None:
    app.command("emulate")(emulate)
