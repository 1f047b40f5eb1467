"""A folder with a config.yaml and a .env, and nothing of this machine's environment."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coinmon.config.load import Config, load_config
from coinmon.errors import ConfigError


@pytest.fixture
def configured(tmp_path: Path) -> Callable[..., Config]:
    """The configuration that these files, this environment and these options lead to."""

    def load(
        yaml: str | None = None,
        *,
        env: dict[str, str] | None = None,
        dotenv: str | None = None,
        options: dict[str, Any] | None = None,
    ) -> Config:
        for name, text in (("config.yaml", yaml), (".env", dotenv)):
            if text is not None:
                (tmp_path / name).write_text(text, "utf-8")
        return load_config(None, overrides=options, environ=env or {}, cwd=tmp_path)

    return load


@pytest.fixture
def complaints(configured: Callable[..., Config]) -> Callable[..., list[str]]:
    """The lines of complaint about a configuration that cannot be used."""

    def load(*arguments: Any, **given: Any) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            configured(*arguments, **given)
        return str(caught.value).splitlines()

    return load
