"""`coinmon config init|check|show` and `coinmon plugins`, as the command line runs them."""

import json
import re
import resource
import signal
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from coinmon.commands import Globals, config, plugins
from coinmon.config.load import load_config
from coinmon.config.sample import sample
from coinmon.errors import ConfigError
from coinmon.plugin.catalog import Catalog, load_catalog

REPOSITORY = Path(__file__).parents[2]
app = typer.Typer()
app.add_typer(config.app, name="config")
app.add_typer(plugins.app, name="plugins")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs a command in an empty folder, with no proxies and nothing of ours in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)

    def invoke(*arguments, **options):
        result = CliRunner().invoke(app, list(arguments), obj=Globals(**options))
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def test_init_writes_a_file_that_check_accepts_and_that_changes_nothing(run):
    plain = json.loads(run("config", "show", "--json").stdout)
    assert run("config", "init").stdout == "wrote config.yaml\n"
    assert run("config", "check").stdout.startswith("ok: config.yaml\n")
    assert json.loads(run("config", "show", "--json").stdout)["keys"] == plain["keys"]


def test_init_does_not_overwrite_unless_told_to(run, tmp_path):
    (tmp_path / "config.yaml").write_text("lang: en\n", "utf-8")
    with pytest.raises(ConfigError, match=r"^config\.yaml: is there already; --force overwrites it$"):
        run("config", "init")
    assert run("config", "init", "--force").exit_code == 0
    assert "lang: en" not in (tmp_path / "config.yaml").read_text("utf-8")
    assert run("config", "init", "other.yaml").stdout == "wrote other.yaml\n"
    with pytest.raises(ConfigError, match="cannot be written"):
        run("config", "init", "no/such/folder.yaml")


def test_what_is_written_on_a_full_disk_is_what_was_there_before(run, tmp_path, monkeypatch):
    """`config init --force` left an empty file in place of the configuration, and without it a torn new one."""
    (tmp_path / "config.yaml").write_text("lang: en\n", "utf-8")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    usual = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        for words in (["--force"], ["other.yaml"]):
            with pytest.raises(ConfigError, match="cannot be written"):
                run("config", "init", *words)
        with pytest.raises(ConfigError, match="File too large"):
            run("plugins", "new", "signal", "mine")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, usual)
    assert (tmp_path / "config.yaml").read_text("utf-8") == "lang: en\n"
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == [tmp_path / "config.yaml"]


def test_the_sample_is_valid_with_every_default_uncommented():
    catalog = load_catalog()
    text = re.sub(r"(?m)^( *)#(\w+:)", r"\1\2", sample(catalog))
    values = yaml.safe_load(text)
    assert values["interval"] == "60s"
    for section in ("exchanges", "indicators", "signals", "outputs"):
        assert set(values[section]) == {offer.name for offer in catalog.of(section[:-1])}


def test_uncommented_it_sets_exactly_the_defaults(tmp_path):
    text = re.sub(r"(?m)^( *)#(\w+:)", r"\1\2", sample(load_catalog()))
    text = re.sub(r"(?m)^ *\w+: REQUIRED.*\n", "", text).replace("clock:\n  speed: 1\n", "")
    values = yaml.safe_load(text)
    for off in ("apprise", "dingtalk", "feishu", "webhook", "wecom"):
        values["outputs"][off] = False
    values["exchanges"].pop("ccxt_generic", None)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(values, sort_keys=False), "utf-8")
    config, plain = load_config(None, environ={}, cwd=tmp_path), load_config(None, environ={}, cwd=tmp_path / "none")
    assert config.symbols == plain.symbols
    assert (config.interval, config.settle, config.window, config.sessions, config.notify, config.serve) == (
        plain.interval, plain.settle, plain.window, plain.sessions, plain.notify, plain.serve,
    )  # fmt: skip
    for name, chosen in plain.exchanges.items():
        assert config.exchanges[name].settings == chosen.settings
    for name, chosen in plain.signals.items():
        assert config.signals[name].settings == chosen.settings


def test_the_repositorys_config_is_the_current_sample():
    """If this fails: `coinmon config init --force config.yaml` in the repository."""
    catalog = load_catalog()
    ours = {key: offer for key, offer in catalog.offers.items() if offer.distribution == "coinmon"}
    assert (REPOSITORY / "config.yaml").read_text("utf-8") == sample(Catalog(ours))


def test_check_tells_what_is_on_and_warns(run, monkeypatch):
    monkeypatch.setenv("COINMON_LNAG", "en")
    result = run("config", "check")
    assert result.exit_code == 0
    assert result.stdout.startswith("ok: no config.yaml, all defaults\nsymbols: BTCUSDT, ETHUSDT\nexchanges: ")
    assert result.stderr == "warning: environment: COINMON_LNAG sets nothing (did you mean COINMON_LANG?)\n"


def test_show_says_where_each_value_is_from_and_hides_secrets(run, tmp_path, monkeypatch):
    hook = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=hunter2"
    (tmp_path / "config.yaml").write_text(f"lang: en\noutputs:\n  wecom: {{webhook: '{hook}'}}\n", "utf-8")
    (tmp_path / ".env").write_text("LOG_LEVEL=DEBUG\n", "utf-8")
    monkeypatch.setenv("SYMBOLS", "SOLUSDT")
    monkeypatch.setenv("ALL_PROXY", "socks5://me:hunter2@proxy:1")
    result = run("config", "show", db="postgresql://me:hunter2@host/x")
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    for row in (
        ["symbols.names", "SOLUSDT", "environment SYMBOLS"],
        ["interval", "60s", "default"],
        ["db", "postgresql://***@host/x", "command line"],
        ["log.level", "DEBUG", ".env LOG_LEVEL"],
        ["outputs.wecom", "wecom of coinmon", "config.yaml"],
        ["outputs.wecom.webhook", "***", "config.yaml"],
        ["outputs.wecom.lang", "en", "lang (config.yaml)"],
        ["ALL_PROXY", "socks5://***@proxy:1", "environment"],
    ):
        assert row in rows
    as_json = run("config", "show", "--json", db="postgresql://me:hunter2@host/x").stdout
    assert "hunter2" not in result.stdout + as_json
    shown = json.loads(as_json)
    assert shown["keys"]["symbols.names"] == {"value": ["SOLUSDT"], "origin": "environment SYMBOLS"}
    assert shown["environment"] == {"ALL_PROXY": "socks5://***@proxy:1"}


def test_options_before_the_command_reach_it(run, tmp_path):
    (tmp_path / "mine.yaml").write_text("retention_days: 30\n", "utf-8")
    keys = json.loads(run("config", "show", "--json", config=Path("mine.yaml"), lang="en", verbose=1).stdout)["keys"]
    assert keys["retention_days"] == {"value": 30, "origin": "mine.yaml"}
    assert keys["lang"] == {"value": "en", "origin": "command line"}
    assert keys["log.level"]["value"] == "DEBUG"


BROKEN_ELSEWHERE = "plugins: {dir: mine, disabled: [signals.whale]}\nsignals: {sonar: }\n"


def test_plugins_are_listed_even_when_the_configuration_needs_the_broken_one(run, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "sonar.py").write_text("import no_such_thing\n", "utf-8")
    (tmp_path / "config.yaml").write_text(BROKEN_ELSEWHERE, "utf-8")
    with pytest.raises(ConfigError):
        run("config", "check")
    listed = json.loads(run("plugins", "--json").stdout)
    (broken,) = listed["broken"]
    assert broken["plugin"] == "dir.sonar"
    assert "no_such_thing" in broken["why"]
    assert listed["disabled"] == ["signals.whale"]
    rows = [line.split("\t") for line in run("plugins").stdout.splitlines()]
    assert ["disabled", "", "signals.whale", "", ""] in rows
    assert next(row for row in rows if row[0] == "broken")[2:4] == ["dir.sonar", "plugin_dir"]
    assert next(row for row in rows if row[1] == "consensus")[2:4] == ["indicators.consensus", "coinmon"]
    assert run("plugins").exit_code == 0
    assert run("plugins", "--check").exit_code == 1


def test_plugins_are_fine_here(run):
    assert run("plugins", "--check").exit_code == 0
    listed = json.loads(run("plugins", "--json").stdout)
    assert listed["broken"] == []
    dingtalk = next(each for each in listed["plugins"] if each["name"] == "dingtalk")
    assert not dingtalk["on"]
    assert dingtalk["settings"]["webhook"]["required"]
    assert dingtalk["settings"]["timeout"]["default"] == 10
