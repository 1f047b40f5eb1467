"""What a call to a venue raises, on one line, and after how long."""

import time

import pytest

from coinmon import VenueError


async def refused(call):
    """What a call raises, and the seconds it took."""
    start = time.monotonic()
    with pytest.raises(VenueError) as caught:
        await call
    assert "\n" not in str(caught.value)
    return caught.value, time.monotonic() - start
