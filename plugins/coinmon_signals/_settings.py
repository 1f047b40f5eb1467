"""Settings that several signals have."""

from typing import Annotated, Literal

from pydantic import Field

Timeframe = Annotated[
    Literal["1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h"], Field(description="length of a candle")
]
LeadVenue = Annotated[
    str | None, Field(description="the venue looked at; null: the first configured one that lists the pair")
]
MinTimes = Annotated[
    float, Field(ge=0, description="and each such net flow so many times its venue's usual size; 0: not asked")
]
MaxAge = Annotated[int, Field(gt=0, le=1440, description="minutes after which an event is history and not told")]
