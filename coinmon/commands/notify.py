"""`coinmon notify`: does a robot answer, and what waits for it?"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from coinmon.commands import Globals
from coinmon.errors import CoinmonError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from coinmon.config.load import Config
    from coinmon.plugin.contracts import Output
    from coinmon.store.database import Database

app = typer.Typer(help="Try the outputs, and see what waits for them.", no_args_is_help=True)

_REFUSED_MS = 86_400_000
"""How far back refused messages are listed, market time."""
_POST_TIMEOUT_S = 60.0


@app.command("test")
def try_outputs(
    ctx: typer.Context, name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only this output.")] = None
) -> None:
    """Send a test message through every output for people, or one. Exit 1 if one did not take it.

    It counts as one of the messages that the robot takes a minute; where there is no room it is not sent.
    """
    import asyncio

    from coinmon.config.build import make
    from coinmon.log import start_log
    from coinmon.notify.routing import routes
    from coinmon.notify.sharing import channels_of
    from coinmon.run.monitor import clock_of
    from coinmon.store.database import open_database

    config = (ctx.obj or Globals()).load()
    clock = clock_of(config)
    start_log(config, clock)
    # all of them are made: others may lead to the same robot
    everyone = make(config.outputs)
    ways = routes(config, everyone)
    outputs = {each: everyone[each] for each in _chosen(config, name)}
    if name is None:
        outputs = {each: output for each, output in outputs.items() if not ways[each].record}
    if not outputs:
        typer.echo("no output for people is on; docs/notifications.md tells how to add a robot", err=True)
        raise typer.Exit(1)
    paces = {each: None if way.record else way.policy.per_minute for each, way in ways.items()}
    database = open_database(config.db)
    try:
        problems = asyncio.run(_try(outputs, paces, channels_of(everyone), database, clock.now()))
    finally:
        database.close()
    for each, problem in problems.items():
        typer.echo(f"{each}: {problem or 'sent'}")
    raise typer.Exit(int(any(problems.values())))


def _chosen(config: "Config", name: str | None) -> Any:
    from coinmon.errors import ConfigError

    if name is not None and name not in config.outputs:
        raise ConfigError(f"{name} is not among the outputs: {', '.join(config.outputs) or 'none'}")
    return {each: chosen for each, chosen in config.outputs.items() if name in (None, each)}


async def _try(
    outputs: "Mapping[str, Output]",
    paces: "Mapping[str, int | None]",
    channels: "Mapping[str, Sequence[str]]",
    database: "Database",
    now: int,
) -> dict[str, str | None]:
    """What went wrong with each, None: nothing. paces: messages a minute, None for a record."""
    import asyncio

    from coinmon.errors import DeliveryThrottled, our_stop, words_of
    from coinmon.model.moment import iso
    from coinmon.notify.outbox import wall_ms
    from coinmon.notify.sharing import rest, take_room
    from coinmon.plugin.contracts import Message
    from coinmon.plugin.plugin_thread import PluginThread
    from coinmon.secrets import redacted

    event: dict[str, Any] = {
        "event": "signal",
        "id": f"test-{now // 1000 % 1_000_000:06d}",
        "time": iso(now),
        "pair": "BTC/USDT",
        "signal": "test",
        "grade": None,
        "direction": "neutral",
        "title": {"zh": "测试消息", "en": "Test message"},
        "reading": {"zh": "收到这条消息, 说明推送设置正确。", "en": "This output is set up: it arrived."},
        "advice": None,
        "evidence": {},
    }

    message = Message(event["id"], event)

    async def one(name: str, output: "Output") -> str | None:
        thread = PluginThread("output", name)

        async def count() -> int:
            found: int = getattr(output, "parts", lambda message: 1)(message)
            return found

        try:
            parts = await thread.call(count, _POST_TIMEOUT_S, to_the_end=False)
            pace = paces[name]
            wait = 0 if pace is None else take_room(database, name, channels[name], parts, pace, wall_ms())
            if wait:
                return f"not sent, the robot has been sent all that it takes for now: try again in {-(-wait // 1000)} s"
            await thread.call(lambda: output.send(message), _POST_TIMEOUT_S, to_the_end=False)
        except DeliveryThrottled as error:
            rest(database, name, wall_ms() + round(1000 * (error.retry_after or 60.0)))
            return redacted(str(error))
        except CoinmonError as error:
            return redacted(str(error))
        except BaseException as error:
            if our_stop(error):
                raise
            return words_of(error)
        return None

    answers = await asyncio.gather(*(one(name, output) for name, output in outputs.items()))
    return dict(zip(outputs, answers, strict=True))


@app.command("queue")
def queue(
    ctx: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="As one JSON list.")] = False
) -> None:
    """List the messages that wait, and those refused in the last day, with the reason."""
    from coinmon.model.moment import iso
    from coinmon.run.monitor import clock_of
    from coinmon.store.database import open_database
    from coinmon.store.deliveries import read_queue

    config = (ctx.obj or Globals()).load()
    database = open_database(config.db, create=False)
    try:
        with database.read() as connection:
            rows = read_queue(connection, clock_of(config).now() - _REFUSED_MS)
    finally:
        database.close()
    for row in rows:
        row["time"], row["next_attempt"] = iso(row["time"]), iso(row["next_attempt"])
    if as_json:
        import json

        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    columns = ("output", "state", "id", "time", "pair", "name", "grade", "attempts", "next_attempt", "error")
    for row in rows:
        typer.echo("\t".join("" if row[column] is None else str(row[column]) for column in columns))
    if not rows:
        typer.echo("nothing waits")
