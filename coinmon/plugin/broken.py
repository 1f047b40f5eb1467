"""A plugin that could not be used, in words."""

from dataclasses import dataclass
from pathlib import Path

from coinmon.errors import place_of, words_of
from coinmon.printable import printable


@dataclass(frozen=True, slots=True)
class Broken:
    """A plugin that could not be used, and why; it may be shown anywhere."""

    plugin: str
    distribution: str
    why: str

    def __post_init__(self) -> None:
        # a file may have any name, and an error any words
        for name in ("plugin", "distribution", "why"):
            object.__setattr__(self, name, printable(getattr(self, name)))


def why_of(error: BaseException, origin: Path | None) -> str:
    """One line: the kind of error, its text, and the plugin's own line that it came from."""
    if isinstance(error, SyntaxError):
        file = error.filename or origin
        at = f", line {error.lineno}" if error.lineno else ""
        return f"SyntaxError: {error.msg} ({Path(file).name if file else '?'}{at})"
    line = 0
    trace = error.__traceback__
    while trace:
        if origin and trace.tb_frame.f_code.co_filename == str(origin):
            line = trace.tb_lineno
        trace = trace.tb_next
    where = f" ({origin.name}, line {line})" if origin and line else place_of(error)
    return f"{words_of(error)}{where}"
