"""The live desk: board, pairs, tape and state, pushed to browsers by `coinmon serve`."""

from typing import Any

from coinmon.command import hookimpl


def desk(reader: Any) -> Any:
    """The live desk: board, pairs, tape and state."""
    # starlette comes with the extra of the server, and listing the plugins needs neither
    from coinmon_desk._pages import DeskPages

    return DeskPages(reader)


@hookimpl
def register_pages(register: Any) -> None:
    register("desk", desk)
