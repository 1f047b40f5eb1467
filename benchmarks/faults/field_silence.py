"""Whether a venue was silent for no longer than the pauses that it announced, and whether these were earned.

After a firewall's page a venue says in its status how long it is not asked ("wait 30 s", "asked us to wait 12 s more").
A page that comes as the first thing after a pause doubles the next; an answer makes it short again. Where the venue
says that we ask too much (HTTP 429), its own rule says how long. Where a venue limits each endpoint by itself, each has
its own pauses: what one refuses, others may answer. So the bound is the venue's own word, and the word is bounded in
its turn.
"""

import re
from dataclasses import dataclass, field

FIRST_PAUSE_S = 30.0
"""After the first page; each that follows without an answer in between doubles it (docs/architecture.md)."""
MOST_BEYOND_S = 30.0
"""Without an answer, beyond what was announced: the cycles that it takes to notice, to ask and to be answered."""
_LIMITED = re.compile(r"HTTP 4(18|29)\b")
"""Too many requests: how long that lasts is the venue's rule, and no page in a row doubles it."""
_ANNOUNCED = re.compile(r"(?:(/\S*): HTTP .*?)?wait (\d+) s")
"""The endpoint, where one is named, and the seconds."""
_ROUND_S = 10.0
"""A pause is told at the end of a round, so late at most after it was announced."""


@dataclass(slots=True)
class Silence:
    """Of one venue, seconds of a clock that nobody sets. since: of the last answer, or of the beginning.

    longest: without an answer; beyond: the same, less what was announced; pauses: announced, in their order.
    """

    since: float
    longest: float = 0.0
    beyond: float = 0.0
    pauses: list[float] = field(default_factory=list)
    unearned: list[str] = field(default_factory=list)
    _until: dict[str, float] = field(default_factory=dict)
    _in_a_row: int = 0

    def told(self, now: float, *, status: str, error: str | None) -> None:
        """A round's end: ok, degraded (one of its hosts may pause while another answers) or less, and its complaint."""
        self.longest = max(self.longest, now - self.since)
        self.beyond = max(self.beyond, now - max(self.since, self._over_at()))
        if status in ("ok", "degraded"):
            self.since = now
        if status == "ok":
            self._in_a_row = 0
            return
        for endpoint, seconds in _ANNOUNCED.findall(error or ""):
            self._announced(now, endpoint, float(seconds), limited=_LIMITED.search(error or "") is not None)

    def _over_at(self, endpoint: str = "") -> float:
        """When the pause of an endpoint is over; where none is named, the last of all."""
        never = float("-inf")
        return self._until.get(endpoint, never) if endpoint else max(self._until.values(), default=never)

    def _announced(self, now: float, endpoint: str, pause: float, *, limited: bool) -> None:
        over_at, end = self._over_at(endpoint), now + pause
        if limited or end <= over_at + _ROUND_S:
            self._until[endpoint] = max(over_at, end)
            return
        # what another endpoint refuses while the first one pauses came after no pause
        beside = now <= self._over_at() - _ROUND_S
        left, most = over_at - now, FIRST_PAUSE_S * 2 ** max(0, self._in_a_row - beside)
        if left > _ROUND_S:
            self.unearned.append(f"a pause of {pause:.0f} s was announced {left:.0f} s before the end of the last")
        elif pause > most + 1:
            self.unearned.append(f"a pause of {pause:.0f} s, where {most:.0f} were due")
        # a ban of two seconds doubles nothing
        self._in_a_row += pause > FIRST_PAUSE_S / 2 and not beside
        self._until[endpoint] = end
        self.pauses.append(pause)
