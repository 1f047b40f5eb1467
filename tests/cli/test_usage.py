"""What goes with every command, and what is no command."""

from importlib.metadata import version

import pytest

from coinmon.commands.demo import InDemo

COMMANDS = ("scan", "report", "export", "plugins", "doctor", "config", "emulate")


@pytest.mark.parametrize(
    "arguments", [["--version"], ["scan", "--version"], ["report", "BTC", "--version"], ["--version", "config", "show"]]
)
def test_version_anywhere(coinmon, arguments):
    done = coinmon(*arguments)
    assert (done.code, done.out, done.err) == (0, f"coinmon {version('coinmon')}\n", [])


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help_anywhere(coinmon, arguments):
    done = coinmon(*arguments)
    assert (done.code, done.err) == (0, [])
    assert "Usage: coinmon" in done.out
    if arguments == ["--help"]:
        assert all(f" {name} " in done.out for name in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["scna"], "No such command 'scna'"),
        (["scan", "--onec"], "No such option"),
        (["report"], "Missing argument 'symbol'"),
        (["export", "BTC", "--format", "xml"], "'xml' is not one of 'csv', 'json', 'parquet'"),
        (["scan", "--interval"], "--interval"),
        (["report", "BTC", "--config"], "--config: a value is missing"),
        (["scan", "--seed", "1"], "--tape, --scenario, --seed, --speed, --at and --robots go with --demo"),
        (["scan", "--demo", "--seed", "many"], "Invalid value for '--seed'"),
        (["scan", "--demo", "--config", "x.yaml"], "x.yaml: no such file"),
        (["report", "BTC", "--at", "2024-01-01", "--date", "2024-01-01"], "--at and --date: give one of them"),
        (["report", "BTC", "--demo", "--offline"], "--offline does not go with --demo"),
        (["--lang", "fr", "scan"], "lang"),
        (["config", "check", "--db", "mysql://x/y"], "mysql"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_none_is_one_line_and_exit_2(refused, arguments, told):
    assert told in refused(*arguments)


def test_options_of_every_command_stand_before_or_after_it(coinmon, tmp_path):
    (tmp_path / "mine.yaml").write_text("symbols: [XRPUSDT]\n", "utf-8")
    for arguments in (["--config", "mine.yaml", "config", "check"], ["config", "check", "--config=mine.yaml"]):
        assert "symbols: XRPUSDT" in coinmon(*arguments).out


def test_the_command_of_a_broken_plugin_says_that_it_is_broken(refused, tmp_path, monkeypatch):
    made = tmp_path / "installed"
    info = made / "mine-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1\n", "utf-8")
    (info / "entry_points.txt").write_text("[coinmon]\nmine = mine_of_coins\n", "utf-8")
    (made / "mine_of_coins.py").write_text("import nothing_there\n\n# register_commands\n", "utf-8")
    monkeypatch.syspath_prepend(made)
    told = refused("mine")
    assert "No such command 'mine'." in told
    assert "Plugin mine of mine is broken: ModuleNotFoundError: No module named 'nothing_there'" in told
    assert "(mine_of_coins.py, line 1)" in told


def test_a_package_that_fails_as_a_whole_says_where(refused, tmp_path, monkeypatch):
    info = tmp_path / "installed" / "mines-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mines\nVersion: 1\n", "utf-8")
    (info / "entry_points.txt").write_text("[coinmon]\nmines = mines_of_coins.commands\n", "utf-8")
    package = info.with_name("mines_of_coins")
    package.mkdir()
    (package / "__init__.py").write_text("\n\n1 / 0\n", "utf-8")
    (package / "commands.py").write_text("# register_commands\n", "utf-8")
    monkeypatch.syspath_prepend(info.parent)
    assert "Plugin mines of mines is broken: ZeroDivisionError: division by zero (__init__.py, line 3)" in refused(
        "mine"
    )


DIG = """from coinmon.command import hookimpl


@hookimpl
def register_commands(app):
    {broken}
    app.command("dig")(lambda: None)
"""


@pytest.mark.parametrize(
    "words", [["dig"], ["--config", "mine.yaml", "dig"], ["dig", "--config=mine.yaml"]], ids=" ".join
)
@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ("1 / 0", "Plugin dir.dig of plugin_dir is broken: ZeroDivisionError: division by zero (dig.py, line 6)."),
        ("", "mine has it: commands are taken from installed packages, not from plugins.dir."),
    ],
)
def test_a_command_in_the_folder_of_plugins_says_what_is_wrong_with_it(refused, tmp_path, broken, told, words):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "dig.py").write_text(DIG.format(broken=broken), "utf-8")
    (tmp_path / ("mine.yaml" if len(words) > 1 else "config.yaml")).write_text("plugins: {dir: mine}\n", "utf-8")
    said = refused(*words)
    assert said.startswith("coinmon: No such command 'dig'.")
    assert told in said


@pytest.mark.parametrize(
    ("kind", "told"), [("exchange", "exchange sine of dir.sine is not the emulator's"), ("indicator", "")]
)
def test_an_exchange_of_ones_own_is_named_where_it_joins_the_figures_of_a_demo(coinmon, tmp_path, capsys, kind, told):
    coinmon("plugins", "new", kind, "sine", "--dir", "mine")
    (tmp_path / "demo.yaml").write_text("exchanges: {okx: {}}\nplugins: {dir: mine}\n", "utf-8")
    config = InDemo(config=tmp_path / "demo.yaml").load()
    named = [line for line in capsys.readouterr().err.splitlines() if "sine" in line]
    assert [line.partition(":")[2].partition(":")[0].strip() for line in named] == ([told] if told else [])
    assert ("sine" in config.exchanges) == (kind == "exchange")
