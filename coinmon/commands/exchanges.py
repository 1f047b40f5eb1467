"""`coinmon exchanges`: what each venue can and cannot give."""

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coinmon.commands import Globals
from coinmon.errors import ConfigError
from coinmon.spoken.phrases import speaker

if TYPE_CHECKING:
    from collections.abc import Callable

    from coinmon.config.load import Config


_ABOUT = "exchange data: "


def exchanges(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="One exchange: as configured, or any id that ccxt knows.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """What each exchange can give: markets, history, streams, limits, and what signals make of it. Asks nobody."""
    import orjson

    from coinmon.collect.abilities import abilities
    from coinmon.collect.abilities import as_json as venue_json

    config = (ctx.obj or Globals()).load()
    shown = []
    for each in [name] if name else _names(config):
        made, plugin, kinds = _made(config, each)
        shown.append(venue_json(each, config.exchanges.get(each), plugin, abilities(made, kinds)))
    if as_json:
        typer.echo(orjson.dumps({"exchanges": shown}, option=orjson.OPT_INDENT_2).decode())
        return
    say = partial(_said, speaker())
    for venue in shown:
        off = "" if venue["on"] else f", {say('off')}"
        typer.echo(f"{venue['name']}  ({venue['plugin']}{off})")
        for data, told in venue["abilities"].items():
            detail = f": {say(told['detail'])}" if told["detail"] else ""
            typer.echo(f"  {say('yes' if told['given'] else 'no'):3} {say(data)}{detail}")


def _said(say: "Callable[[str], str]", text: str) -> str:
    """In the reader's language. Short words mean other things elsewhere: the phrases say what these are about."""
    return say(f"{_ABOUT}{text}").removeprefix(_ABOUT)


def _names(config: "Config") -> list[str]:
    offered = [each.name for each in config.catalog.of("exchange") if getattr(each.target, "default", True)]
    return list(dict.fromkeys([*config.exchanges, *offered]))


def _made(config: "Config", name: str) -> tuple[Any, str, tuple[str, ...]]:
    """An exchange by its name; nothing is asked of it. Raises ConfigError for a name that nobody knows."""
    from coinmon.config.absent_plugin import reason
    from coinmon.config.build import make

    if name in config.exchanges:
        offer = config.exchanges[name].offer
        return make({name: config.exchanges[name]})[name], offer.plugin, offer.kinds
    if config.catalog.get("exchange", name) is None and (why := reason("exchange", name, config.catalog)):
        raise ConfigError(f"exchange {name} is not at hand: {why}")
    offer_or_none = config.catalog.get("exchange", name) or config.catalog.get("exchange", "ccxt_generic")
    if offer_or_none is None:
        raise ConfigError(f"{name}: not among the exchanges: {', '.join(_names(config))}")
    return offer_or_none.target(name), offer_or_none.plugin, offer_or_none.kinds
