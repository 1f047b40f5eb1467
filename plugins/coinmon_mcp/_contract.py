"""The fourteen tools that users of the older order-flow server know, with their names and arguments."""

from collections.abc import Iterator

from coinmon import Desk
from coinmon_mcp._tool import Tool


def contract_tools(desk: Desk) -> Iterator[Tool]:
    yield from ()
