"""A replay's parts: taken from those that were kept where all they depend on is as it was, else computed and kept."""

from collections.abc import Callable
from pathlib import Path

import msgspec
from loguru import logger

from coinmon.config.load import Config
from coinmon.log import SPOKEN
from coinmon.run.parts.kept_parts import KeptParts
from coinmon.run.parts.loaded_source import loaded_source
from coinmon.run.parts.part_key import part_key, settings_digest
from coinmon.run.parts.replay_parts import As, PairPlayer, PlayedPart
from coinmon.run.parts.stored_rows import StoredRows
from coinmon.run.parts.traced_rows import TracedRows
from coinmon.store.file_identity import file_of

_FOLDER = "replays"


class Keeping:
    """The parts of one replay, in one process.

    Raises OSError, SyntaxError or TypeError where it cannot be said for sure what they depend on.
    """

    def __init__(self, kept: KeptParts, config: Config, known: As, in_lake: bool) -> None:
        self._kept = kept
        self._settings = settings_digest(config, known, in_lake)
        self._source = loaded_source(config)
        self._can_write = True

    def played(
        self, rows: StoredRows, player_of: Callable[[StoredRows], PairPlayer], part: tuple[int, int, bool]
    ) -> PlayedPart:
        traced = TracedRows(rows)
        player = player_of(traced)
        key = part_key(self._settings, self._source.digest, player, part)
        taken = self._kept.take(key, rows)
        if taken is not None:
            return taken
        played = player.alone(*part)
        # what raised may work when it is asked again
        if self._can_write and not played.failed and not played.asked_back and self._source.is_on_disk():
            self._keep(key, played, traced)
        return played

    def _keep(self, key: str, played: PlayedPart, traced: TracedRows) -> None:
        try:
            self._kept.keep(key, played, traced.trace)
        except OSError as error:
            self._can_write = False
            SPOKEN.warning("parts of replays cannot be kept in {}: {}", self._kept.folder, error.strerror or error)
        except (TypeError, OverflowError, msgspec.EncodeError) as error:
            logger.debug("a part is not kept: {}", error)


def keeping(kept: KeptParts | None, config: Config, known: As, in_lake: bool) -> Keeping | None:
    """None: nothing is to be kept, or it cannot be said for sure what parts depend on."""
    if kept is None:
        return None
    try:
        return Keeping(kept, config, known, in_lake)
    except (OSError, SyntaxError, TypeError, ValueError) as error:
        logger.debug("no part of a replay is kept: {}", error)
        return None


def kept_parts(config: Config, lake: Path | None, folder: Path | None = None) -> KeptParts | None:
    """Where this configuration keeps parts: in the folder given or configured, else beside the file of the database, or
    in the lake; None: a database that is no file has none by itself."""
    there = folder or config.replay_cache.dir
    if there is None and lake is not None:
        there = lake / f".{_FOLDER}"
    elif there is None and (file := file_of(config.db)):
        there = file.parent / _FOLDER
    return None if there is None else KeptParts(there.absolute(), config.replay_cache.max_mb * 1_000_000)
