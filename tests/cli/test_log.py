"""The log says in market time what happened, and no secret."""

from loguru import logger

from coinmon.clock import Clock
from coinmon.config.load import load_config
from coinmon.log import start_log


def test_secrets_are_hidden_in_messages_and_in_what_exceptions_tell(tmp_path):
    lines = []
    config = load_config(None, environ={}, cwd=tmp_path, overrides={"timezone": "Asia/Shanghai"})
    start_log(config, Clock(1_700_000_000_000, 0, 0), lines.append)
    try:
        logger.info("posted to https://me:hush1@x/robot?access_token=hush2")
        try:
            raise ValueError("https://me:hush3@x {braces} <red>") from OSError("key=hush4")
        except ValueError as error:
            logger.opt(exception=error).error("scan failed")
    finally:
        logger.remove()
    first, second = lines
    assert first == "2023-11-15 06:13:20 | INFO  - posted to https://***@x/robot?access_token=***\n"
    assert "scan failed\nOSError: key=***" in second
    assert second.endswith("ValueError: https://***@x {braces} <red>\n")
    assert "hush" not in second
