"""What the signals were worth, as a tool: the stored scorecard, never one that is made to please."""

from typing import Annotated, Any

from pydantic import Field

from coinmon.command import MarketReader, iso
from coinmon_mcp._tools.tool import AsOf, MarketAnswer, Tool


class ScorecardOf(AsOf):
    """Of which signals."""

    signals: Annotated[list[str] | None, Field(max_length=50, description="only these signals, by name")] = None


class ScorecardAnswer(MarketAnswer):
    """The newest stored scorecard as of a moment."""

    made: str | None = Field(description="when it was stored; null: there is none yet")
    verdictsOf: str | None = Field(description="the month's end that gave the verdicts; between, they do not change")
    days: int | None = Field(description="how far back signals are judged")
    hash: str | None = Field(description="of the stored row; alerts quote its first 16 digits")
    signals: list[dict[str, Any]] = Field(
        description="best evidence first; percent, intervals as [mean, low, high] or [share, low, high]; "
        "`independent`: cases that the clustered ones are worth; verdict null: none before a month's end; `mfe_pct`, "
        "`mae_pct`: medians of the furthest move for and against it; `decay`: excess by minutes after entry, a "
        "description that no verdict rests on; `unjudged`: why the others of `told` have no outcome, how many by "
        "reason. Rows that an older version stored lack these four"
    )


def _scorecard(desk: MarketReader, asked: ScorecardOf) -> dict[str, Any]:
    stored = desk.scorecard(asked.moment())
    rows = stored.card["signals"] if stored else []
    return {
        "convention": "excess over the pair's and hour's base after the signal's own horizon, entered a minute later; "
        "95 % intervals by day clusters; verdicts after costs, corrected for the number of signals. `too few` and `not "
        "proven` are no recommendation",
        "made": iso(stored.made) if stored else None,
        "verdictsOf": stored.card["verdicts_of"] if stored else None,
        "days": stored.card["days"] if stored else None,
        "hash": stored.hash if stored else None,
        "signals": [row for row in rows if asked.signals is None or row["signal"] in asked.signals],
    }


SCORECARD = Tool(
    "get_scorecard", "Scorecard", "What each signal has been worth: how often, the excess after its horizon with its "
    "interval, hit rate, and a verdict after costs. Ask before you call an alert good.",
    ScorecardOf, ScorecardAnswer, _scorecard,
)  # fmt: skip
