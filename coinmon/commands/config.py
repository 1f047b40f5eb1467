"""`coinmon config init|check|show`."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coinmon.commands import Globals
from coinmon.errors import ConfigError
from coinmon.spoken.phrases import speaker

if TYPE_CHECKING:
    from coinmon.config.load import Config

_NOISE = {
    "zh": "preset: {}  每交易对每天误报 A 级以上 {:.1f} 次（您已存历史的 {:.1f} 交易对·天，买卖方向随机重抽）",
    "en": "preset: {}  {:.1f} false pages (grade A and above) a day and pair, on {:.1f} pair days of your own history "
    "with sides drawn by lot",
}

app = typer.Typer(no_args_is_help=True, help="Write, check and show the configuration.")


@app.command()
def init(
    ctx: typer.Context,
    path: Annotated[Path | None, typer.Argument(help="where to; default: ./config.yaml")] = None,
    force: Annotated[bool, typer.Option("--force", help="overwrite a file that is there")] = False,
) -> None:
    """Write a sample with every section, plugin and setting, their defaults commented out."""
    from coinmon.config.sample import sample
    from coinmon.config.whole_file import write_whole
    from coinmon.plugin.catalog import load_catalog

    found: Globals = ctx.obj or Globals()
    target = path or found.config or Path("config.yaml")
    text = sample(load_catalog())
    if target.exists() and not force:
        raise ConfigError(f"{target}: is there already; --force overwrites it")
    try:
        # ours alone: secrets will be written into it
        write_whole(target, text.encode(), 0o600)
    except OSError as error:
        raise ConfigError(f"{target}: cannot be written ({error.strerror})") from None
    typer.echo(f"wrote {target}")
    _presets(replace(found, config=target))


def _presets(where: Globals) -> None:
    """What each preset pages on noise, where there is history to say it of."""
    from coinmon.errors import CoinmonError
    from coinmon.run.monitor import clock_of
    from coinmon.run.noise import briefly
    from coinmon.store.database import open_database

    try:
        config = where.load()
        database = open_database(config.db, create=False)
    except CoinmonError:
        return
    try:
        found = briefly(lambda preset: where.load(preset=preset), database, clock_of(config).now())
    finally:
        database.close()
    words = _NOISE["zh" if config.reader_lang == "zh" else "en"]
    for each in found:
        typer.echo(words.format(each.preset, each.pages, each.pair_days))


@app.command()
def check(ctx: typer.Context) -> None:
    """Say what is wrong with the configuration: exit 0 if nothing is, 2 if it cannot be used."""
    config = (ctx.obj or Globals()).load()
    say = speaker()
    for warning in config.warnings:
        typer.echo(say(f"warning: {warning}"), err=True)
    typer.echo(f"ok: {config.path or 'no config.yaml, all defaults'}")
    symbols = config.symbols
    watched = f"every {symbols.quote} pair of {symbols.all}" if symbols.all else ""
    typer.echo(f"symbols: {', '.join(filter(None, [watched, *symbols.names])) or 'none'}")
    for section in ("exchanges", "indicators", "signals", "outputs"):
        typer.echo(f"{section}: {', '.join(getattr(config, section)) or 'none'}")


@app.command()
def show(
    ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="as one JSON object")] = False
) -> None:
    """Show every key, its value and where it came from; secrets are hidden."""
    config = (ctx.obj or Globals()).load()
    rows = list(_rows(config))
    if as_json:
        import json

        keys = {key: {"value": value, "origin": origin} for key, value, origin in rows}
        whole = {"path": str(config.path) if config.path else None, "keys": keys, "environment": dict(_proxies())}
        typer.echo(json.dumps(whole | {"warnings": list(config.warnings)}, ensure_ascii=False, indent=2))
        return
    proxies = [(name, value, "environment") for name, value in _proxies()]
    _print([(key, _text(value), origin) for key, value, origin in [*rows, *proxies]])


def _rows(config: "Config") -> Iterator[tuple[str, Any, str]]:
    from coinmon.config.parsers import written
    from coinmon.config.sources import PLUGIN_SECTIONS
    from coinmon.secrets import shown

    for key, origin in config.origins.items():
        section, _, rest = key.partition(".")
        if section in PLUGIN_SECTIONS:
            name, _, setting = rest.partition(".")
            chosen = getattr(config, section)[name]
            if not setting:
                value: Any = f"{chosen.offer.name} of {chosen.offer.distribution}"
            else:
                ours = {"events": chosen.events, "feed": chosen.feed, **chosen.route.model_dump()}
                value = chosen.settings[setting] if setting in chosen.settings else ours[setting]
        else:
            value = getattr(config, section)
            for part in rest.split(".") if rest else ():
                value = getattr(value, part)
        yield key, shown(written(key, value), key.rpartition(".")[2]), origin


def _proxies() -> Iterator[tuple[str, str]]:
    """The proxies of the environment, which plugins use where none is configured."""
    from coinmon.config.env import PROXY_NAMES
    from coinmon.secrets import redacted

    for name in PROXY_NAMES:
        for spelt in (name, name.lower()):
            if value := os.environ.get(spelt):
                yield spelt, redacted(value)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_text(each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_text(each)}" for key, each in value.items())
    return "-" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _print(rows: list[tuple[str, str, str]]) -> None:
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        typer.echo("\n".join("\t".join(row) for row in rows))
        return
    from rich.table import Table

    table = Table("key", "value", "from", box=None, header_style="bold")
    for row in rows:
        table.add_row(*row)
    console.print(table, markup=False)
