"""The pages of plugins, made for a server; one that raises is named in the log and is not served."""

from loguru import logger

from coinmon.errors import PLUGIN_FAILURES
from coinmon.plugin.pages import Pages
from coinmon.run.reader import MarketReader


def pages_of(desk: MarketReader) -> list[Pages]:
    """Of each plugin that registered some, in the order of their names."""
    made: list[Pages] = []
    for offer in sorted(desk.config.catalog.of("page"), key=lambda each: each.name):
        try:
            made.append(offer.target(desk))
        except PLUGIN_FAILURES as error:
            logger.error("page {}: not served, it raised {}: {}", offer.name, type(error).__name__, error)
    return made
