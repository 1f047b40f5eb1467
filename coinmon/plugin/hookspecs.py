"""What a plugin may register. Each hook is called once, at start, with a `register` callback."""

from typing import Any

from pluggy import HookspecMarker

hookspec = HookspecMarker("coinmon")


@hookspec
def register_exchanges(register: Any) -> None:
    """`register(name, cls)`: an `Exchange` class."""


@hookspec
def register_indicators(register: Any) -> None:
    """`register(name, function, kinds=("spot", "perp"), merges=False)`: `function(view, *, settings...) -> Result`.

    columns: `columns(lane, *, the same settings) -> {field: array}`, figures at all moments of a frame at once, for
    rules and replays: `lane` is one instrument's (or for scope="pair" the frame), `coverage` the covered share, what is
    unknown NaN (a text: None). The function stays the definition.

    merges: it reads nothing but bars, so the pair has a result too, of `market.merged`: all venues' bars added up.

    `register(name, function, scope="pair")`: `function(market, *, settings...) -> Result`, across venues.

    answers: questions of the core that its results answer; of several indicators the first that is on is asked, those
    named in the configuration before the others. "flow" (scope="pair"): `Result.flow` is the event `flow` of a scan.
    Of a signal's situation: "levels": `levels`, each with `name` and `price`; "open_interest": `change_pct` over its
    setting `window`, in %; "funding": `rate` of the next settlement, as a fraction.
    """


@hookspec
def register_signals(register: Any) -> None:
    """`register(name, function, columns=None, horizon="1h")`: `function(market, *, settings...) -> list[Signal]`.

    columns: `columns(frame, *, the same settings) -> int8 array`, what the function says of each moment of a frame at
    once (WAITS, SILENT, HOLDS and above, ASK, AS_BEFORE): replays are fast with it, and faster with int64 codes, which
    mean the same wherever they come. The function stays the definition.

    quiet: `quiet(market, *, the same settings) -> bool`, True where the function surely says nothing, told by less than
    the function looks at: a scan of many pairs asks it first. False promises nothing. `coinmon audit` compares the two.

    horizon: 1m to 7d, such as 15m, 4h or 1d: after it the signal claims that price has gone its way (a neutral one:
    that price has moved). Its record is judged there alone, so that no choice among many can make it look better.

    calm: a dict of its own settings as they are under `preset: calm`; indicators may have one too.

    switches: {"the name of one of its signals": "consensus"}: its messages are switched by that key of `notify`, in
    place of their grade.
    """


@hookspec
def register_outputs(register: Any) -> None:
    """`register(name, cls)`: an `Output` class."""


@hookspec
def register_pages(register: Any) -> None:
    """`register(name, make)`: `make(desk) -> Pages`, what `coinmon serve` serves to browsers beside its own."""


@hookspec
def register_languages(register: Any) -> None:
    """`register("rules", read)`: `read(files, indicators, venues, signals) -> WrittenSignals`.

    What reads the signals that users write in `config.yaml` and `rules/*.yaml`. indicators, venues, signals: those that
    are on, by name.
    """


@hookspec
def register_commands(app: Any) -> None:
    """`app.command("name")(function)`: a command line of its own, on a Typer app."""
