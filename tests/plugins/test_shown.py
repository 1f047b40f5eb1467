"""What plugins of others say of themselves, wherever it is shown: it commands no terminal and turns no line around."""

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated

import pytest
import typer

from coinmon.cli import run
from coinmon.config.load import load_config
from coinmon.config.sample import sample
from coinmon.plugin.catalog import add_commands, load_catalog
from coinmon.printable import is_printable
from coinmon.run.doctor import local_findings
from coinmon_mcp._listing import listed
from coinmon_mcp._tools.indicators import indicator_tools

BAD = "\x1b[31m\x07\u202e"
ODD = f'''
from typing import Annotated, Literal
from pydantic import Field
from coinmon import Result, hookimpl

BAD = {BAD!a}

class Odd(Result):
    """What it found."""
    figure: Annotated[float | None, Field(title="T" + BAD, description="MEANING" + BAD)] = None
    word: Annotated[Literal["a" + BAD, "b"] | None, Field(description="WORD" + BAD)] = None

def odd(view, *, level: Annotated[int, Field(description="LEVEL" + BAD + chr(10) + "other: 1")] = 3, text: str = "DEFAULT" + BAD) -> Odd:
    pass

def odd_signal(market, *, level: Annotated[int, Field(description="LEVEL" + BAD)] = 3) -> list:
    return []

Odd.__doc__ = odd.__doc__ = odd_signal.__doc__ = "SUMMARY" + BAD + chr(10) * 2 + "MORE" + BAD

@hookimpl
def register_indicators(register):
    register("odd", odd)

@hookimpl
def register_signals(register):
    register("odd_signal", odd_signal)
'''  # noqa: E501
BROKEN = f"raise RuntimeError('WHY' + {BAD!a})\n"
COMMANDS = {
    "plugins": ("SUMMARY", "WHY", "dir.named"),
    "plugins --json": ("SUMMARY", "LEVEL", "DEFAULT", "WHY", "dir.named"),
    "plugins docs indicator": ("SUMMARY", "MORE", "LEVEL", "DEFAULT", "MEANING", "WORD"),
    "plugins docs signal": ("SUMMARY", "MORE", "LEVEL"),
    "rules fields odd": ("MEANING", "a"),
    "rules fields odd --json": ("MEANING", "WORD", "a"),
    "config check": ("WHY", "dir.named"),
    "config show": ("DEFAULT",),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A configuration with plugins whose every word, and one's file name, holds commands."""
    plugins = tmp_path / "mine"
    plugins.mkdir()
    for name, source in {"odd": ODD, "broken": BROKEN, f"named{BAD}": BROKEN}.items():
        (plugins / f"{name}.py").write_text(source, "utf-8")
    (tmp_path / "config.yaml").write_text("plugins: {dir: mine}\ndb: sqlite:///here.db\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("coinmon_plugin_dir_odd", None)


def texts(document):
    """Each text and key of a JSON document."""
    if isinstance(document, dict):
        for key, each in document.items():
            yield from (key, *texts(each))
    elif isinstance(document, list | tuple):
        for each in document:
            yield from texts(each)
    elif isinstance(document, str):
        yield document


@pytest.mark.parametrize(("command", "told"), COMMANDS.items())
def test_no_command_shows_what_commands_a_terminal(command, told, folder, capfd):
    assert run(command.split()) == 0
    output = "".join(capfd.readouterr())
    assert all(each in output for each in told)
    assert is_printable(output)
    # JSON spells them, and whoever reads it would show them
    assert not re.search(r"\\u(001b|0007|202e)", output, re.IGNORECASE)


COMMAND = """
from coinmon import hookimpl

print("chatter at import")

@hookimpl
def register_commands(app):
    print("chatter of a hook")
    app.command("mine")(print)
"""


def test_what_a_plugin_of_commands_prints_is_no_line_of_the_result(folder, capfd):
    (folder / "mine" / "extra.py").write_text(COMMAND, "utf-8")
    app = typer.Typer()
    broken = add_commands(app, folder / "mine")
    told = capfd.readouterr()
    assert "mine" in [each.name for each in app.registered_commands]
    assert (broken, told.out) == ([], "")
    assert told.err == "chatter at import\nchatter of a hook\n"


def test_the_sample_configuration_has_none_and_no_line_of_anybody_elses(folder):
    text = sample(load_catalog(Path("mine")))
    assert "SUMMARY" in text
    assert "LEVEL" in text
    assert is_printable(text)
    assert not [line for line in text.splitlines() if line.startswith("other")]


def test_doctor_and_the_desks_state_have_none(folder):
    config = load_config(Path("config.yaml"), environ={}, cwd=folder)
    found = [each.as_json() for each in local_findings(config)]
    (broken,) = [each for each in found if "dir.named" in f"{each['check']} {each['detail']}"]
    assert broken["check"].startswith("dir.named"), "it is said once"
    assert all(map(is_printable, texts(found)))
    assert all(is_printable(each.plugin + each.why) for each in config.catalog.broken)


def test_an_assistant_is_shown_none(folder):
    config = load_config(Path("config.yaml"), environ={}, cwd=folder)
    (tool,) = indicator_tools(SimpleNamespace(indicators={"odd": config.catalog.get("indicator", "odd")}))
    (shown,) = listed([tool])
    said = list(texts(json.loads(shown.model_dump_json())))
    assert {"SUMMARY", "LEVEL"} <= {re.sub(r"\ufffd.*", "", each, flags=re.DOTALL) for each in said}
    assert all(map(is_printable, said))


def test_the_help_of_its_command_shows_none(monkeypatch, capsys):
    def odd_command(
        level: Annotated[str, typer.Option("--level", help="LEVEL" + BAD, metavar="WORD" + BAD)] = "DEFAULT" + BAD,
    ) -> None: ...

    odd_command.__doc__ = "DOES" + BAD
    added = {"epilog": "END" + BAD, "rich_help_panel": "PANEL" + BAD}
    monkeypatch.setattr("coinmon.cli.add_commands", lambda app: app.command("odd", **added)(odd_command))
    for arguments, words in ((["--help"], ("DOES", "PANEL")), (["odd", "--help"], ("DOES", "LEVEL", "WORD", "END"))):
        assert run(arguments) == 0
        said = capsys.readouterr().out
        assert all(word in said for word in words)
        assert all(is_printable(line) for line in said.splitlines())
