"""Streamed trades of many instruments as columns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coinmon.model.instrument import Instrument
from coinmon.model.trades import Ints, Trades


@dataclass(frozen=True, slots=True, eq=False)
class StreamedMany:
    """Rows that join what each instrument's stream brought before them, without a hole inside.

    instruments: those of a connection, the same object every time. at: whose each row is, by its place among them; in
    ascending order. trades: the rows. first_ids: the first trade that each row covers (`TradePage.first_id`); None:
    the venue's ids prove nothing.
    """

    instruments: Sequence[Instrument]
    at: Ints
    trades: Trades
    first_ids: Ints | None

    @classmethod
    def concat(cls, parts: Sequence["StreamedMany"]) -> "StreamedMany":
        """The parts of one connection, in the order they came."""
        if len(parts) == 1:
            return parts[0]
        at = np.concatenate([part.at for part in parts])
        order = np.argsort(at, kind="stable")
        firsts = [part.first_ids for part in parts if part.first_ids is not None]
        return cls(
            parts[0].instruments,
            at[order],
            Trades.concat([part.trades for part in parts])[order],
            np.concatenate(firsts)[order] if firsts else None,
        )

    @property
    def starts(self) -> Ints:
        """The first row of each instrument."""
        return np.flatnonzero(np.diff(self.at, prepend=-1))

    @property
    def instruments_seen(self) -> list[Instrument]:
        """Those that it has rows of."""
        return [self.instruments[place] for place in self.at[self.starts].tolist()]
