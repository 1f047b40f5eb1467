"""A database's file, and whether it is still the one that was opened: a deleted one can be written for ever, and nobody
reads it."""

from pathlib import Path

from sqlalchemy.engine import make_url

from coinmon.errors import ConfigError


def file_of(url: str) -> Path | None:
    """Of an SQLite database; None: a server has it."""
    target = make_url(url)
    return Path(target.database) if target.get_backend_name() == "sqlite" and target.database else None


class DatabaseGone(ConfigError):
    """The database's file was deleted, or another was put in its place."""


class FileIdentity:
    """The file at a path, as it was when this was made."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened = self._now()

    def check(self, name: str) -> None:
        """Raises DatabaseGone when another file, or none, is there now; moved back, it is the same again."""
        if self._now() != self._opened:
            raise DatabaseGone(
                f"db: {name}: its file was deleted or replaced while coinmon was using it; "
                "put it back, or start coinmon again to begin a new one"
            )

    def _now(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino
