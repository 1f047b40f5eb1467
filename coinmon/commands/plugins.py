"""`coinmon plugins`: what was found, what is broken and why, what is switched off; a new one to begin with."""

import errno
import keyword
import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coinmon.commands import Globals
from coinmon.errors import ConfigError

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from coinmon.plugin.catalog import Catalog, Offer


app = typer.Typer(invoke_without_command=True)


class PluginKind(StrEnum):
    """Kinds of plugin."""

    exchange = "exchange"
    indicator = "indicator"
    signal = "signal"
    output = "output"


@app.callback()
def plugins(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="as one JSON object")] = False,
    check: Annotated[bool, typer.Option("--check", help="exit 1 if a plugin is broken")] = False,
) -> None:
    """List the plugins: what each offers, which are broken and why, which are switched off."""
    if ctx.invoked_subcommand:
        return
    catalog = (ctx.obj or Globals()).catalog()
    if as_json:
        import json

        typer.echo(json.dumps(_whole(catalog), ensure_ascii=False, indent=2))
    else:
        _print(catalog)
    if check and catalog.broken:
        raise typer.Exit(1)


@app.command()
def new(
    ctx: typer.Context,
    kind: Annotated[PluginKind, typer.Argument(help="What it is to be.")],
    name: Annotated[str, typer.Argument(help="Its name: lower case, as in buy_share.")],
    folder: Annotated[Path, typer.Option("--dir", help="Where to put the file.")] = Path("my_plugins"),
) -> None:
    """Write a plugin that works, in one file, to begin with."""
    from importlib.resources import files
    from string import Template

    from coinmon.config.whole_file import write_whole

    if not name.isidentifier() or name != name.lower() or name.startswith("_") or keyword.iskeyword(name):
        raise ConfigError(f"{name}: a plugin's name is lower-case letters, digits and _, as in buy_share")
    path = folder / f"{name}.py"
    catalog = (ctx.obj or Globals()).catalog()
    taken = catalog.get(kind, name)
    if taken:
        raise ConfigError(f"{kind} {name} is taken by {taken.plugin} of {taken.distribution}")
    text = Template((files("coinmon.plugin") / "templates" / f"{kind}.txt").read_text("utf-8"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        write_whole(path, text.substitute(name=name, Name=name.title().replace("_", "")).encode())
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    typer.echo(path)
    typer.echo(
        f"it is found with `plugins: {{dir: {folder}}}` in config.yaml; plugins/README.md tells the rest", err=True
    )


@app.command()
def docs(ctx: typer.Context, kind: Annotated[PluginKind, typer.Argument(help="Of which kind.")]) -> None:
    """Print a page about the plugins of a kind: definitions, settings, fields."""
    from coinmon.plugin.reference import reference

    typer.echo(reference(kind, (ctx.obj or Globals()).catalog().of(kind)), nl=False)


def _whole(catalog: "Catalog") -> dict[str, Any]:
    return {
        "plugins": [_offer(offer) for offer in catalog.offers.values()],
        "broken": [
            {"plugin": each.plugin, "distribution": each.distribution, "why": each.why} for each in catalog.broken
        ],
        "disabled": list(catalog.disabled),
    }


def _offer(offer: "Offer") -> dict[str, Any]:
    from coinmon.config.plugin_config import on_by_default

    return {
        "kind": offer.kind,
        "name": offer.name,
        "plugin": offer.plugin,
        "distribution": offer.distribution,
        "summary": offer.summary,
        "on": on_by_default(offer),
        "settings": {name: _setting(name, field) for name, field in offer.settings.model_fields.items()},
    }


def _setting(name: str, field: "FieldInfo") -> dict[str, Any]:
    from coinmon.plugin.signature import described
    from coinmon.printable import printable_document
    from coinmon.secrets import shown

    setting: dict[str, Any] = {"type": described(field), "required": field.is_required()}
    if not field.is_required():
        setting["default"] = shown(field.get_default(call_default_factory=True), name)
    if field.description:
        setting["description"] = field.description
    return {key: printable_document(each) for key, each in setting.items()}


_COLUMN, _KIND = "plugins column: ", "plugin kind: "
_COLUMNS = ("kind", "name", "plugin", "distribution", "what it is")


def _print(catalog: "Catalog") -> None:
    from rich.console import Console

    from coinmon.spoken.phrases import speaker

    say = speaker()
    rows = [
        (offer.kind, offer.name, offer.plugin, offer.distribution, say(offer.summary))
        for offer in catalog.offers.values()
    ]
    rows += [("broken", "", each.plugin, each.distribution, each.why) for each in catalog.broken]
    rows += [("disabled", "", plugin, "", "") for plugin in catalog.disabled]
    console = Console()
    if not console.is_terminal:
        typer.echo("\n".join("\t".join(row) for row in rows))
        return
    from rich.table import Table
    from rich.text import Text

    styles = {"broken": "red", "disabled": "dim"}
    heads = (say(f"{_COLUMN}{each}").removeprefix(_COLUMN) for each in _COLUMNS)
    table = Table(*heads, box=None, header_style="bold")
    for kind, *cells in rows:
        shown = say(f"{_KIND}{kind}").removeprefix(_KIND)
        table.add_row(*(Text(cell) for cell in (shown, *cells)), style=styles.get(kind, ""))
    console.print(table)
