"""The pages tell the truth about commands, options, configuration and one another."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from coinmon.cli import build
from coinmon.config.load import load_config

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [README, ROOT / "plugins" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
APP: Any = typer.main.get_command(build())


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def command_lines() -> Iterator[tuple[str, str]]:
    """Each `coinmon ...` that a page shows, in a block of commands or in a sentence."""
    for page in PAGES:
        lines = [part for block in blocks(page, "sh") for line in block.splitlines() for part in line.split("&&")]
        prose = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
        for line in [*lines, *re.findall(r"`(coinmon [^`]+)`", prose)]:
            if line.strip().startswith("coinmon ") and "COMMAND" not in line:
                yield page.name, line.strip()


LINES = sorted(set(command_lines()))


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command of the command line by its words, groups included."""
    for name, command in group.commands.items():
        yield (*path, name), command
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))


COMMANDS = dict(commands(APP))


def options(command: Any) -> dict[str, bool]:
    """A command's options, and whether a value follows."""
    found = [each for each in command.params if each.param_type_name == "option"]
    return {name: not (each.is_flag or each.count) for each in found for name in (*each.opts, *each.secondary_opts)}


@pytest.mark.parametrize(("page", "line"), LINES, ids=lambda text: text)
def test_a_command_line_that_is_shown_can_be_typed(page, line):
    words = shlex.split(line)[1:]
    known = {**options(APP), "--help": False}
    command: Any = APP
    while words:
        word = words.pop(0)
        if word.startswith("-"):
            known |= options(command)
            assert word in known, f"{page}: {line}: there is no {word}"
            if known[word] and words:
                words.pop(0)
        elif hasattr(command, "commands"):
            assert word in command.commands, f"{page}: {line}: there is no command {word}"
            command = command.commands[word]


def test_the_readme_names_every_command_and_no_other():
    table = re.findall(r"^\| `coinmon (\w+)` \|", README.read_text("utf-8"), re.MULTILINE)
    assert sorted(table) == sorted(APP.commands)


def test_every_group_member_is_told():
    text = README.read_text("utf-8")
    assert not [" ".join(path) for path in COMMANDS if len(path) == 2 and f"`{path[1]}`" not in text]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_help(path):
    assert COMMANDS[path].help


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_option_has_help(path):
    assert not [option.name for option in COMMANDS[path].params if not getattr(option, "help", None)]


@pytest.mark.parametrize(
    ("page", "text"), [(page.name, text) for page in PAGES for text in blocks(page, "yaml")], ids=lambda text: text[:30]
)
def test_a_configuration_that_is_shown_can_be_used(page, text, tmp_path):
    (tmp_path / "config.yaml").write_text(text, "utf-8")
    assert not load_config(None, environ={}, cwd=tmp_path).warnings


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    # in code, brackets and parentheses are no links
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text("utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (page.parent / link).exists(), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_page_knows_where_it_was_written(page):
    assert not re.findall(r"/(?:home|root|tmp|work|usr)/\S*|index-url [^\s-]\S*", page.read_text("utf-8"))


def test_both_first_commands_are_in_the_readme_and_the_second_is_what_ci_runs():
    lines = [line for block in blocks(README, "sh") for line in block.splitlines()]
    venv = "python3 -m venv .venv && . .venv/bin/activate"
    assert f"{venv} && pip install . && coinmon scan --demo --once" in lines
    assert f'{venv} && pip install ".[test]" && pytest' in lines
    script = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    assert any(line.startswith("pip install") and '".[test]"' in line for line in script)
    assert "pytest" in script


def test_what_the_architecture_names_is_there():
    """A file that moved is found by nobody who follows the page."""
    root = Path(__file__).parents[2]
    text = (root / "docs" / "architecture.md").read_text("utf-8")
    known = [each.as_posix() for each in root.rglob("*.py") if ".venv" not in each.parts]
    named = set(re.findall(r"`([\w/]+\.py)`", text))
    assert len(named) > 30
    named |= set(re.findall(r"`((?:coinmon|plugins)/[\w/]*\.py)`", "".join(page.read_text("utf-8") for page in PAGES)))
    assert not {each for each in named if not any(path.endswith(f"/{each}") for path in known)}
    folders = re.findall(r"^\| `((?:coinmon|plugins|tests)[\w/]*/)`", text, re.MULTILINE)
    assert len(folders) > 15
    assert not [each for each in folders if not (root / each).is_dir()]
