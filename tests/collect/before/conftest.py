"""These tests read what the log says in English, whatever a command before them made of it in this process."""

import pytest

from coinmon.log import end_log


@pytest.fixture(autouse=True)
def _english_log() -> None:
    end_log()
