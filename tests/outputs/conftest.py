"""Messages as the core makes them."""

import asyncio

import pytest

from coinmon import Message


@pytest.fixture(scope="session")
def send():
    """Sends events to an output, one after the other; ids count from 0."""

    def run(output, *events):
        async def all_of_them():
            for number, event in enumerate(events):
                await output.send(Message(f"m{number}", event))

        asyncio.run(all_of_them())

    return run
