"""These tests read what the log says in English, whatever a command before them made of it in this process."""

from collections.abc import Iterator

import pytest

from coinmon.log import end_log


@pytest.fixture(autouse=True)
def _english_log() -> Iterator[None]:
    end_log()
    yield
