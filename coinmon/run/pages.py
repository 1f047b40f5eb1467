"""The pages of plugins, made for a server; one that raises is named in the log and is not served."""

from loguru import logger

from coinmon.errors import place_of, words_of
from coinmon.plugin.interrupts import interrupts_noted
from coinmon.plugin.pages import Pages
from coinmon.run.reader import MarketReader


def pages_of(desk: MarketReader) -> list[Pages]:
    """Of each plugin that registered some, in the order of their names."""
    made: list[Pages] = []
    for offer in sorted(desk.config.catalog.of("page"), key=lambda each: each.name):
        with interrupts_noted() as ends_us:
            try:
                made.append(offer.target(desk))
            except BaseException as error:
                if ends_us(error):
                    raise
                logger.error("page {}: not served, it raised {}{}", offer.name, words_of(error), place_of(error))
    return made
