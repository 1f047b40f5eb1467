"""Events as lines of the log."""

from typing import Annotated, Any, Literal

from pydantic import Field

from coinmon.output import Message, hookimpl
from coinmon_outputs._lines import line, watched


class Log:
    """Writes what happens to the log, in the lines that users of the older monitor know.

    Flow, whales and scans at INFO, signals at CRITICAL, a venue's trouble at WARNING: once when its status changes, not
    each cycle. Where every pair of an exchange is watched, their number is told at first and when it changes. A venue
    whose flow is not covered well enough shows `-` or the minutes covered instead of a flow.
    """

    wants = frozenset({"scan_started", "venue", "flow", "whale", "signal", "signal_ended", "scan_finished"})

    def __init__(
        self,
        name: str,
        *,
        lang: Annotated[Literal["zh", "en"] | None, Field(description="language of the lines; not set: zh")] = None,
        min_coverage: Annotated[
            float, Field(gt=0, le=1, description="share of the window below which a flow is not shown")
        ] = 0.95,
    ) -> None:
        self._name = name
        self._lang = lang or "zh"
        self._min_coverage = min_coverage
        self._status: dict[str, str] = {}
        self._watched: str | None = None

    async def send(self, message: Message) -> None:
        event = message.event
        level = self._level(event)
        text = line(event, self._lang, self._min_coverage) if level else None
        if level and text:
            # a first import of loguru costs more than all the rest of this module
            from loguru import logger

            log = logger.bind(plugin=self._name)
            if event["event"] == "scan_started" and (pairs := watched(event, self._lang)) != self._watched:
                self._watched = pairs
                if pairs:
                    log.info(pairs)
            log.log(level, text)

    def _level(self, event: Any) -> str | None:
        """None: nothing worth a line."""
        if event.get("event") == "venue":
            venue, status = str(event["venue"]), str(event.get("status"))
            before = self._status.get(venue, "ok")
            self._status[venue] = status
            return None if status == before else "INFO" if status == "ok" else "WARNING"
        return "CRITICAL" if event.get("event") == "signal" else "INFO"


@hookimpl
def register_outputs(register: Any) -> None:
    register("log", Log)
