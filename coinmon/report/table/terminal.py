"""The terminal of the interactive table: one that takes nothing holds up nobody."""

import os
from typing import TYPE_CHECKING, Any, cast

from coinmon.report.terminal.background_stream import BackgroundStream

if TYPE_CHECKING:
    from textual.driver import Driver


def driver_on(stream: BackgroundStream) -> "type[Driver] | None":
    """Textual's driver for this system, writing to `stream`; None, its own choice, where there is no POSIX terminal."""
    if os.name != "posix":
        return None
    from textual.drivers.linux_driver import LinuxDriver

    class TableDriver(LinuxDriver):
        # Textual writes in a thread, but waits for that thread once 30 pieces are under way: a terminal that is
        # stopped or gone would stop the event loop, and with it the scan and its end
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self._file = cast("Any", stream)

    return TableDriver
