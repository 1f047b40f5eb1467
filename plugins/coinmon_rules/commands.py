"""`coinmon rules`: check, test and explain rules, and list what they can ask of."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coinmon.command import ConfigError, Globals, desk_for, hookimpl, parse_time

if TYPE_CHECKING:
    from coinmon_rules._rule import Rule

Files = Annotated[
    list[Path] | None, typer.Option("--file", "-f", help="A file of rules beside those found (repeatable).")
]
Json = Annotated[bool, typer.Option("--json", help="As one JSON document.")]
_WORDS = {
    "zh": {"no_rules": "没有规则：在 config.yaml 的 rules: 下或 rules/*.yaml 中编写", "ok": "通过", "failed": "失败",
           "expected": "应为 {}："},
    "en": {"no_rules": "no rules: write them below rules: in config.yaml, or in rules/*.yaml", "ok": "ok",
           "failed": "FAILED", "expected": "expected {}: "},
}  # fmt: skip


def check(
    ctx: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Files of rules beside those found.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check all rules: names, kinds, units; what each looks at and what that costs. Exit 2 where one is wrong."""
    from coinmon_rules._cost import cost

    config = _with(ctx, files).load()
    rules = _rules(config)
    rows = [{"rule": name, "grade": rule.grade, "place": rule.place, **cost(rule)} for name, rule in rules.items()]
    if as_json:
        _json({"rules": rows})
        return
    if not rows:
        typer.echo(_WORDS[config.reader_lang]["no_rules"])
    for row in rows:
        slow = ", ".join(row["minute_by_minute"])
        note = (
            (f"；逐分钟计算：{slow}" if config.reader_lang == "zh" else f"; computed each minute: {slow}")
            if slow
            else ""
        )
        typer.echo(f"{row['rule']}  [{row['grade']}]  {', '.join(row['fields'])}{note}")


def fields(
    ctx: typer.Context,
    indicator: Annotated[str | None, typer.Argument(help="Only this indicator's.")] = None,
    as_json: Json = False,
) -> None:
    """List everything that a rule can ask of: indicators' fields with kind and unit, and the functions."""
    from coinmon_rules._fields import IndicatorFields, near
    from coinmon_rules._written.functions import FUNCTIONS

    config = _with(ctx, None).load()
    if indicator is not None and indicator not in config.indicators:
        raise ConfigError(f"there is no indicator {indicator}{near(indicator, config.indicators)}")
    rows: list[dict[str, Any]] = []
    for name, chosen in config.indicators.items():
        if indicator not in (None, name):
            continue
        listed = IndicatorFields(chosen)
        for each in listed.columns():
            measure = each.measure
            rows.append(
                {
                    "field": f"{name}{listed.whose}.{each.path}", "kind": measure.kind, "unit": measure.unit or None,
                    "words": list(measure.words) or None, "meaning": each.meaning, "plugin": chosen.offer.plugin,
                    "distribution": chosen.offer.distribution, "columns": chosen.offer.columns is not None,
                }
            )  # fmt: skip
    if as_json:
        _json({"fields": rows, "functions": FUNCTIONS})
        return
    for row in rows:
        kind = row["unit"] or (" | ".join(row["words"]) if row["words"] else row["kind"])
        typer.echo(f"{row['field']}  [{kind}]  {row['meaning']}")
    if indicator is None:
        typer.echo("")
        for text in FUNCTIONS.values():
            typer.echo(text)


def explain(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The rule.")],
    symbol: Annotated[str, typer.Argument(help="BTCUSDT, ...")],
    at: Annotated[str | None, typer.Option(help="As of this time; with --demo also where its clock starts.")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="After one scan of the built-in emulator.")] = False,
    files: Files = None,
    as_json: Json = False,
) -> None:
    """Say each part of a rule's condition with its value at that moment, and what is missing."""
    from coinmon.signal import iso
    from coinmon_rules._explain import explained
    from coinmon_rules._fields import near

    options = _with(ctx, files, demo=demo)
    with desk_for(options, demo=demo, at=at if demo else None) as reader:
        rules = _rules(reader.config)
        if name not in rules:
            raise ConfigError(f"there is no rule {name}{near(name, rules)}; there are {', '.join(rules) or 'none'}")
        if demo:
            reader.scan_once()
        market = reader.market(symbol, None if demo or at is None else _time(at))
        parts = list(explained(rules[name], market))
        said = rules[name](market)
        state = "on" if len(said) and said[0].begins else "holds" if len(said) else "waits" if said.waits else "silent"  # type: ignore[index,union-attr]
        if as_json:
            _json(
                {
                    "rule": name, "pair": str(market.pair), "as_of": iso(market.now), "state": state,
                    "parts": [each.as_json() for each, _ in parts],
                }
            )  # fmt: skip
            return
        shown = _STATES.get(state, state) if reader.config.reader_lang == "zh" else state
        typer.echo(f"{name}  {market.pair}  {iso(market.now)}  {shown}")
        for each, flag in parts:
            typer.echo(each.line(reader.config.reader_lang, flag))


def try_examples(
    ctx: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[RULE]...", help="Only these rules.")] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Against the built-in emulator, not what is stored.")] = False,
    files: Files = None,
    as_json: Json = False,
) -> None:
    """Run the examples that stand beside the rules (`tests:`). Exit 1 where one comes out otherwise."""
    from coinmon_rules._examples.tried import tried

    options = _with(ctx, files, demo=demo)
    rows = tried(options, names or [], demo=demo)
    lang = options.reader_lang if demo else options.load().reader_lang
    if as_json:
        _json({"tests": rows})
    else:
        for row in rows:
            word = _WORDS[lang]["ok" if row["ok"] else "failed"]
            expected = _WORDS[lang]["expected"].format("on" if row["expect"] else "off")
            why = "" if row["ok"] else f"  {expected}{row['said']}"
            typer.echo(f"{word}  {row['rule']}  {row['pair']}  {row['at']}  ({row['place']}){why}")
        if not rows:
            typer.echo("没有测试" if lang == "zh" else "no rule has tests")
    if any(not row["ok"] for row in rows):
        raise typer.Exit(1)


_STATES = {"on": "触发", "holds": "持续", "waits": "等待数据", "silent": "未触发"}
"""Of a rule, in Chinese."""


def _with(ctx: typer.Context, files: list[Path] | None, *, demo: bool = False) -> Globals:
    """The options with these files; in a demo with the configuration of this folder, whose rules are to be tried."""
    from dataclasses import replace

    options: Globals = ctx.obj or Globals()
    for each in files or ():
        if not each.is_file():
            raise ConfigError(f"{each}: no such file")
    found = tuple(each.absolute() for each in files or ())
    if demo and options.config is None:
        beside = [Path("config.yaml"), *sorted(Path("rules").glob("*.y*ml"))]
        found = (*(each.absolute() for each in beside if each.is_file() and _has_rules(each)), *found)
    return replace(options, rules=(*options.rules, *found))


def _has_rules(path: Path) -> bool:
    return path.parent.name == "rules" or "rules:" in path.read_text("utf-8", errors="replace")


def _rules(config: Any) -> "dict[str, Rule]":
    from coinmon_rules._rule import Rule

    return {name: each.offer.target for name, each in config.signals.items() if isinstance(each.offer.target, Rule)}


def _time(text: str) -> int:
    try:
        return parse_time(text)
    except ValueError as error:
        raise ConfigError(f"--at: {error}") from None


def _json(document: dict[str, Any]) -> None:
    import json

    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


@hookimpl
def register_commands(app: typer.Typer) -> None:
    rules = typer.Typer(no_args_is_help=True, help="Signals of your own, written in YAML: check, test, explain.")
    rules.command("check")(check)
    rules.command("test")(try_examples)
    rules.command("explain")(explain)
    rules.command("fields")(fields)
    app.add_typer(rules, name="rules")
