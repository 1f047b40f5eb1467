"""The configuration that points coinmon at an emulator."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from coinmon_emulator.market.clock import EmulatedClock, utc_text
from coinmon_emulator.market.market import Listed
from coinmon_emulator.venues.folders import VENUES, module_of

_BOOKS_TO = 4.0


@dataclass(frozen=True, slots=True)
class Pointing:
    """Where the emulator is and what it has."""

    url: str
    instruments: Sequence[Listed]
    clock: EmulatedClock
    wall_started_ms: int
    db: str
    outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    books: bool | None = None
    """Whether order books are followed; None: where the clock is slow enough."""
    also: Collection[str] = ()
    """Venues to switch on that are not unless they are asked for."""

    def settings(self) -> dict[str, Any]:
        return {
            "clock": {
                "at": utc_text(self.clock.at_ms),
                "wall": utc_text(self.wall_started_ms),
                "speed": self.clock.speed,
            },
            "db": self.db,
            "symbols": self._symbols(),
            "exchanges": {venue: self._exchange(venue) for venue in VENUES},
            **({} if self._books else {"books": False}),
            **({"outputs": dict(self.outputs)} if self.outputs else {}),
        }

    @property
    def _books(self) -> bool:
        """Every state of every book is sent, ten a second of market time: too many at a high speed."""
        return self.clock.speed <= _BOOKS_TO if self.books is None else self.books

    def _symbols(self) -> list[str]:
        """One pair for each base: its USDT one wherever a venue lists it."""
        found: dict[str, str] = {}
        for one in sorted((each for each in self.instruments if each.followed), key=lambda one: one.quote != "USDT"):
            found.setdefault(one.base, f"{one.base}{one.quote}")
        return list(found.values())

    def _exchange(self, venue: str) -> dict[str, str | bool] | bool:
        if not any(one.venue == venue for one in self.instruments):
            return False
        url = f"{self.url}/{venue}"
        settings: dict[str, str | bool] = module_of(venue, "config").settings(url, "ws" + url.removeprefix("http"))
        # coinmon itself has it off: both are said, so that either is one word away
        asked_for = {} if module_of(venue, "listing").FOLLOWED else {"enabled": venue in self.also}
        return {**asked_for, **settings}

    def yaml(self) -> str:
        """The settings as YAML; every value is written as JSON, which YAML reads, but for the two times."""
        settings = self.settings()
        clock = settings["clock"]
        lines = [
            f"clock: {{at: {clock['at']}, wall: {clock['wall']}, speed: {clock['speed']}}}",
            f"db: {_json(settings['db'])}",
            f"symbols: [{', '.join(settings['symbols'])}]",
            "exchanges:",
        ]
        for venue, value in settings["exchanges"].items():
            if value is False:
                lines.append(f"  {venue}: false")
            else:
                fields = ", ".join(f"{name}: {_json(url)}" for name, url in value.items())
                lines.append(f"  {venue}: {{{fields}}}")
        if not self._books:
            lines.append("books: false")
        if self.outputs:
            lines += ["outputs:", *(f"  {name}: {_json(each)}" for name, each in self.outputs.items())]
        return "\n".join(lines) + "\n"


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
