"""How cheerful the buyers are."""

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from coinmon import Result, SeenReport, View, hookimpl, moment


class Mood(Result):
    share: float | None = Field(description="taker buys as a share of the volume, 0 to 1")


def acme_mood(view: View, *, window: Annotated[int, Field(ge=1, description="minutes to look at")] = 5) -> Mood:
    """The share of the volume that was bought."""
    bars = view.bars(window)
    known = bars[bars.has_flow]
    volume = float(np.sum(known.volume))
    return Mood(
        as_of=moment(view.now), coverage=SeenReport.of(view.seen(bars)), convention="taker buys / volume",
        share=float(np.sum(known.buy)) / volume if volume else None, reason=None if volume else "no volume is known",
    )  # fmt: skip


@hookimpl
def register_indicators(register: Any) -> None:
    register("acme_mood", acme_mood)
