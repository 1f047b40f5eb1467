"""Ctrl-C, and a plugin that raises what Ctrl-C raises: which of the two it was."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from coinmon.errors import our_stop

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def interrupts_noted() -> Iterator[Callable[[BaseException], bool]]:
    """Around code of plugins: gives what `our_stop` says, but a KeyboardInterrupt without a signal is the plugin's."""
    came: list[int] = []
    usual: dict[int, Any] = {}

    def noted(number: int, frame: FrameType | None) -> None:
        came.append(number)
        usual[number](number, frame)

    # signals are handled in the main thread, and can be watched for only there
    if threading.current_thread() is threading.main_thread():
        for number in _SIGNALS:
            if callable(handler := signal.getsignal(number)):
                usual[number] = handler
                signal.signal(number, noted)
    try:
        yield lambda error: our_stop(error) and (bool(came) or not isinstance(error, KeyboardInterrupt))
    finally:
        for noticed, handler in usual.items():
            # a library may have set one of its own meanwhile
            if signal.getsignal(noticed) is noted:
                signal.signal(noticed, handler)
