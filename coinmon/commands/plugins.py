"""`coinmon plugins`: what was found, what is broken and why, what is switched off."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from coinmon.commands import Globals

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from coinmon.plugins import Catalog, Offer


def plugins(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="as one JSON object")] = False,
    check: Annotated[bool, typer.Option("--check", help="exit 1 if a plugin is broken")] = False,
) -> None:
    """List the plugins: what each offers, which are broken and why, which are switched off."""
    catalog = (ctx.obj or Globals()).catalog()
    if as_json:
        import json

        typer.echo(json.dumps(_whole(catalog), ensure_ascii=False, indent=2))
    else:
        _print(catalog)
    if check and catalog.broken:
        raise typer.Exit(1)


def _whole(catalog: "Catalog") -> dict[str, Any]:
    return {
        "plugins": [_offer(offer) for offer in catalog.offers.values()],
        "broken": [
            {"plugin": each.plugin, "distribution": each.distribution, "why": each.why} for each in catalog.broken
        ],
        "disabled": list(catalog.disabled),
    }


def _offer(offer: "Offer") -> dict[str, Any]:
    from coinmon.chosen import on_by_default

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
    from coinmon.secrets import shown
    from coinmon.settings import described

    setting: dict[str, Any] = {"type": described(field), "required": field.is_required()}
    if not field.is_required():
        setting["default"] = shown(field.get_default(call_default_factory=True), name)
    if field.description:
        setting["description"] = field.description
    return setting


def _print(catalog: "Catalog") -> None:
    from rich.console import Console

    rows = [
        (offer.kind, offer.name, offer.plugin, offer.distribution, offer.summary) for offer in catalog.offers.values()
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
    table = Table("kind", "name", "plugin", "distribution", "what it is", box=None, header_style="bold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row), style=styles.get(row[0], ""))
    console.print(table)
