"""Ctrl-C while a plugin is loaded, a plugin that raises what Ctrl-C raises, and one that never comes to an end."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType
from typing import Any

from coinmon.errors import our_stop

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_OURS = "coinmon"
_LONGEST_S = 60.0
"""Seconds in which a plugin is imported, or an object of its class made: large libraries take several."""


@contextmanager
def interrupts_noted() -> Iterator[Callable[[BaseException], bool]]:
    """Around code of plugins, and what imports much: gives what `our_stop` says, but a KeyboardInterrupt that came by
    no signal is the plugin's.

    Where one came by a signal KeyboardInterrupt is raised at the end: libraries take it for a failure of their own, or
    for none, and go on.
    """
    came: list[int] = []
    usual: dict[int, Any] = {}

    def noted(number: int, frame: FrameType | None) -> None:
        try:
            usual[number](number, frame)
        except KeyboardInterrupt:
            came.append(number)
            raise

    # signals are handled in the main thread, and can be watched for only there
    if threading.current_thread() is threading.main_thread():
        for number in _SIGNALS:
            if callable(handler := signal.getsignal(number)):
                usual[number] = handler
                signal.signal(number, noted)
    try:
        yield lambda error: bool(came) or (our_stop(error) and not isinstance(error, KeyboardInterrupt))
        if came:
            raise KeyboardInterrupt
    except Exception:
        if came:
            raise KeyboardInterrupt from None
        raise
    finally:
        for noticed, handler in usual.items():
            # a library may have set one of its own meanwhile
            if signal.getsignal(noticed) is noted:
                signal.signal(noticed, handler)


@contextmanager
def patience_for(distribution: str) -> Iterator[None]:
    """Around code of a plugin: in somebody else's TimeoutError is raised where it has not come to an end by then.

    Elsewhere than in the main thread, and where the system has no such alarm, it does nothing.
    """
    main = threading.current_thread() is threading.main_thread()
    if distribution == _OURS or not main or not hasattr(signal, "setitimer"):
        yield
        return

    def late(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"no end after {_LONGEST_S:g} s")

    usual, began = signal.signal(signal.SIGALRM, late), monotonic()
    left, _ = signal.setitimer(signal.ITIMER_REAL, _LONGEST_S)
    try:
        yield
    finally:
        # whoever has set an alarm of his own gets it at his time
        signal.setitimer(signal.ITIMER_REAL, max(0.001, left - (monotonic() - began)) if left else 0)
        signal.signal(signal.SIGALRM, usual)
