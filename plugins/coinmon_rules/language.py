"""The language of rules, as coinmon finds it."""

from typing import Any

from coinmon.signal import hookimpl


@hookimpl
def register_languages(register: Any) -> None:
    from coinmon_rules._book import read_rules

    register("rules", read_rules)
