"""`coinmon.open`: what is stored, in a notebook. These names, and the columns of the tables, stay as they are."""

from pathlib import Path

from coinmon.config.load import load_config
from coinmon.errors import ConfigError
from coinmon.lake.database import DatabaseTables, Tables
from coinmon.lake.lake import Lake
from coinmon.lake.market_data import MarketData
from coinmon.store.database import open_database
from coinmon.store.history import History


def open(where: str | Path, *, config: str | Path | None = None) -> MarketData:
    """A database (`data/coinmon.db`, `postgresql://...`) or a lake (`lake/`), to be read.

    config: the configuration whose quotes and indicators count, as for the command line; None: ./config.yaml where
    there is one, else the settings as they come.
    """
    text, folder = str(where), Path(where)
    is_database = "://" in text or folder.is_file()
    if not is_database and not folder.is_dir():
        raise ConfigError(f"{text}: no such file or folder; coinmon scan writes one, coinmon export --lake the other")
    overrides = {"db": text} if is_database else {}
    settings = load_config(None if config is None else Path(config), overrides=overrides)
    return MarketData(_stored(settings.db) if is_database else Lake(folder), settings)


def _stored(url: str) -> Tables:
    return DatabaseTables(History(open_database(url, create=False)))


__all__ = ["MarketData", "open"]
