"""Whatever is wrong, one line for each problem: the file or name, the key, what was expected."""

import pytest

from coinmon.config.load import load_config
from coinmon.errors import ConfigError

KEYS = {
    "unknown key": (
        "intervall: 5s",
        ["intervall is not a key (did you mean interval?); there are books, clock, costs, db, "],
    ),
    "unknown section": ("exchange: {binance: }", ["exchange is not a key (did you mean exchanges?)"]),
    "unknown key in a section": ("log: {levell: INFO}", ["log.levell is not a setting (did you mean level?)"]),
    "unknown key of the clock": (
        "clock: {at: 2024-01-01, wall: 2024-01-01, sped: 2}",
        ["clock.sped is not a setting (did you mean speed?); it takes at, speed, wall"],
    ),
    "a number as key": ("1: x", ["1 is not a key"]),
    "not a duration": ("interval: soon", ["interval: 'soon' is not a duration; write 60s"]),
    "too short": ("interval: 4s", ["interval: '4s' is too short; the least is 5s"]),
    "too long": ("interval: 999999999d", ["interval: '999999999d' is too long; the longest is 36500d"]),
    "longer than any number": ("settle: " + "9" * 400, ["settle: ", "is too long; the longest is 36500d"]),
    "books sampled too often": ("books: {interval: 0s}", ["books.interval: '0s' is too short; the least is 1s"]),
    "negative": ("settle: -1s", ["settle: '-1s' is not a duration"]),
    "not whole minutes": ("window: 90s", ["window: '90s' is not a whole number of minutes"]),
    "no window": ("window: 0", ["window: "]),
    "a window of a year": ("window: 500000", ["window: input should be less than or equal to 10080"]),
    "symbol in full-width brackets": ("symbols: [（BTC）]", ["'（BTC）' is not a symbol; did you mean BTC? write"]),
    "symbol in full-width letters": (
        "symbols: [ＢＴＣＵＳＤＴ]",
        ["'ＢＴＣＵＳＤＴ' is not a symbol; did you mean BTCUSDT? write"],
    ),
    "symbol": ("symbols: [BTC USDT]", ["symbols.names: 'BTC USDT' is not a symbol; write BTCUSDT"]),
    "symbol that is a number": ("symbols: [1]", ["symbols.names: 1 is not a symbol"]),
    "symbols as a mapping": ("symbols: {names: {a: 1}}", ["symbols.names: expected a list"]),
    "quote": ("symbols: {quote: US-D}", ["symbols.quote: 'US-D' is not a currency"]),
    "volume": ("symbols: {min_quote_volume: lots}", ["symbols.min_quote_volume: input should be a valid number"]),
    "volume below nothing": ("symbols: {min_quote_volume: -1}", ["symbols.min_quote_volume: input should be greater"]),
    "infinite": ("whale_threshold: .inf", ["whale_threshold: input should be a finite number"]),
    "limit": ("symbols: {limit: 0}", ["symbols.limit: input should be greater than or equal to 1"]),
    "exchange for all": ("symbols: {all: binanc}", ["symbols.all: binanc is not an exchange that is on (did you mean"]),
    "database": ("db: mysql://x/y", ["db: mysql:// is not a database that coinmon knows; sqlite:///FILE or postgr"]),
    "database, misspelt": ("db: postgres://x/y", ["(did you mean postgresql://?)"]),
    "database, its port": ("db: postgresql://a@h:54x2/c", ["db: the port of a database is a number up to 65535"]),
    "database, its port too large": ("db: 'postgresql://a@[::1]:99999/c'", ["db: the port of a database is a number"]),
    "thousands": ("whale_threshold: 500k", ["whale_threshold: ", "(write 500000)"]),
    "ten thousands": ("whale_threshold: 50万", ["whale_threshold: ", "(write 500000)"]),
    "grouped digits": ("retention_days: '1,000'", ["retention_days: ", "(write 1000)"]),
    "full-width colon": ("lang：zh", ["not a text; line 1 has a full-width colon after lang: write lang: and a blank"]),
    "database, a number": ("db: 7", ["db: expected sqlite:///FILE"]),
    "days": ("retention_days: 0", ["retention_days: input should be greater than or equal to 1"]),
    "language": ("lang: fr", ["lang: input should be 'zh' or 'en'"]),
    "time zone": ("timezone: Mars/Base", ["timezone: 'Mars/Base' is not a time zone; write an IANA name"]),
    "time zone with a path": ("timezone: ../../etc/passwd", ["is not a time zone"]),
    "session": ("sessions: A=25:00-26:00", ["sessions: 'A=25:00-26:00' is not a session; write"]),
    "session without name": ("sessions: 00:00-06:00", ["is not a session"]),
    "session twice": ("sessions: A=00:00-06:00,A=06:00-12:00", ["each name once"]),
    "session mapping": ("sessions: {A: soon}", ["'A=soon' is not a session"]),
    "no sessions": ("sessions: []", ["sessions: expected sessions such as A="]),
    "quotes": ("quotes: {US-D: USDT}", ["'US-D' is not a currency"]),
    "threshold": ("whale_threshold: -5", ["whale_threshold: input should be greater than 0"]),
    "proxy scheme": ("proxy: ftp://me:word@x:1", ["proxy: 'ftp://***@x:1' is not a proxy; expected http://, https://"]),
    "proxy without scheme": ("proxy: 127.0.0.1:7890", ["is not a proxy; expected http://"]),
    "proxy port": ("proxy: http://x:99999", ["is not a proxy"]),
    "proxy of a venue": ("exchanges: {binance: {proxy: socks4://x:1}}", ["exchanges.binance.proxy: 'socks4://x:1' is"]),
    "log level": ("log: {level: LOUD}", ["log.level: 'LOUD' is not a level; expected one of TRACE, DEBUG"]),
    "grade": ("notify: {grades: [A, Z]}", ["notify.grades.1: input should be 'A+', 'A', 'B+', 'B' or 'C'"]),
    "grades": ("notify: {grades: 5}", ["notify.grades: expected a list"]),
    "grades as bad JSON": ("notify: {grades: '[A'}", ["notify.grades: expected a list such as A+,A"]),
    "messages a minute": ("notify: {per_minute: 21}", ["notify.per_minute: input should be less than or equal to 20"]),
    "flag": ("notify: {whale: perhaps}", ["notify.whale: input should be a valid boolean"]),
    "port": ("serve: {port: 70000}", ["serve.port: input should be less than or equal to 65535"]),
    "public address": ("serve: {public_url: here}", ["serve.public_url: 'here' is not an address; write http://"]),
    "clock": ("clock: {at: noon, wall: 2024-01-01}", ["clock.at: 'noon' is not a time; write 2024-08-09"]),
    "half a clock": ("clock: {at: 2024-01-01}", ["clock.wall is required"]),
    "plugin folder": ("plugins: {dir: nowhere}", ["plugins.dir: ", "nowhere is not a folder"]),
    "section that is a text": ("log: loud", ["log: input should be a valid dictionary"]),
    "exchanges as a number": ("exchanges: 5", ["exchanges: expected names with their settings, or a list of names"]),
    "exchanges as a list of numbers": ("exchanges: [5]", ["exchanges: expected a list of names"]),
    "exchange as a number": ("exchanges: {5: true}", ["exchanges: 5 is not a name"]),
    "exchange with a text": ("exchanges: {binance: fast}", ["exchanges.binance: expected settings, true or false"]),
    "exchange that is none": (
        "exchanges: {binanc: }",
        ["exchanges.binanc: there is no exchange binanc (did you mean b"],
    ),
    "switching off what is not there": ("signals: {whal: false}", ["there is no signal whal (did you mean whale?)"]),
    "plugin that is none": ("exchanges: {x: {plugin: binanc}}", ["exchanges.x.plugin: there is no exchange binanc"]),
    "name of an exchange": ("exchanges: {My-Own: {plugin: binance}}", ["exchanges.My-Own: a name is lower-case"]),
    "enabled": ("exchanges: {binance: {enabled: perhaps}}", ["exchanges.binance.enabled: 'perhaps' is neither true"]),
    "setting of a venue": ("exchanges: {binance: {timeou: 1}}", ["exchanges.binance.timeou is not a setting (did you"]),
    "value of a venue": (
        "exchanges: {binance: {timeout: x}}",
        ["exchanges.binance.timeout: input should be a valid n"],
    ),
    "address without a host": ("exchanges: {okx: {url: 'http://'}}", ["exchanges.okx.url: 'http://' is not an addr"]),
    "no address": ("exchanges: {okx: {url: ''}}", ["exchanges.okx.url: '' is not an address; write http://host:port"]),
    "address of a stream": ("exchanges: {okx: {ws_url: 'ftp://x'}}", ["'ftp://x' is not an address; write ws://h"]),
    "address with a password": ("exchanges: {okx: {url: 'http://me:word@x:99999'}}", ["'http://***@x:99999' is not"]),
    "infinite setting of a plugin": (
        "indicators: {structure: {zigzag_atr: .inf}}",
        ["indicators.structure.zigzag_atr: input should be a finite number"],
    ),
    "event": ("outputs: {log: {events: [signals]}}", ["outputs.log.events: signals is not an event (did you mean si"]),
    "events": ("outputs: {log: {events: 5}}", ["outputs.log.events: expected a list of events"]),
    "events of a signal": ("signals: {whale: {events: [whale]}}", ["signals.whale.events is not a setting"]),
    "robot without an address": ("outputs: {dingtalk: }", ["outputs.dingtalk.webhook is required"]),
    "robot with half an address": ("outputs: {wecom: {webhook: key}}", ["outputs.wecom.webhook: expected the robot's"]),
}


@pytest.mark.parametrize("kind", KEYS)
def test_a_bad_key_or_value_is_one_line_with_file_key_and_expectation(kind, complaints):
    yaml, expected = KEYS[kind]
    (line,) = complaints(yaml)
    assert line.startswith("config.yaml: ")
    for part in expected:
        assert part in line


@pytest.mark.parametrize("yaml", ["lang: fr", "db: mysql://x/y", "symbols: ['!']", "interval: 4s"])
def test_a_bad_value_is_told_where_something_else_is_said_on_top(yaml, tmp_path):
    (tmp_path / "config.yaml").write_text(yaml, "utf-8")
    said = {"lang": "en", "db": "x.db", "symbols.names": ["BTC"], "interval": "60s"}
    with pytest.raises(ConfigError) as refused:
        load_config(None, overrides=said, environ={}, cwd=tmp_path)
    assert str(refused.value).startswith(f"config.yaml: {yaml.partition(':')[0]}")
    assert "\n" not in str(refused.value)


FILES = {
    "a tab": (b"log:\n\tlevel: INFO\n", ["config.yaml, line 2, column 1: ", "cannot start any token"]),
    "a colon too many": (b"lang: en: zh\n", ["config.yaml, line 1, column 9: mapping values are not allowed here"]),
    "an open bracket": (b"symbols: [BTCUSDT\n", ["config.yaml, line 2, column 1: ", "expected ',' or ']'"]),
    "a key twice": (b"lang: en\nlog:\nlang: zh\n", ["config.yaml, line 3, column 1: lang is there twice"]),
    "two documents": (b"lang: en\n---\nlang: zh\n", ["config.yaml, line 2, column 1: "]),
    "a tag": (
        b"db: !!python/object:os.system x\n",
        ["config.yaml, line 1, column 5: could not determine a constructor"],
    ),
    "a list": (b"- lang\n", ["config.yaml: expected keys and values, not a list"]),
    "a text": (b"hello\n", ["config.yaml: expected keys and values, not a text"]),
    "latin 1": ("lang: en # naïve".encode("latin-1"), ["config.yaml: not UTF-8 text"]),
    "a control character": (b"lang: \x01\n", ["config.yaml: ", "special characters are not allowed"]),
    "an alias of itself": (b"symbols: &all [*all]\n", ["config.yaml: over 1,000,000 values: an alias (*) stands for"]),
    "aliases of aliases": (
        b"a0: &a0 ["
        + b"x," * 99
        + b"]\n"
        + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b"*a%d," % (n - 1) * 99) for n in range(1, 6)),
        ["config.yaml: over 1,000,000 values: an alias (*) stands for"],
    ),
    "too deep": (b"symbols: " + b"[" * 1000 + b"]" * 1000, ["config.yaml: nested too deeply"]),
    "a date that is none": (b"clock: {at: 2024-13-45}\n", ["config.yaml: month must be in 1..12"]),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_is_not_yaml_is_named_with_line_and_column(kind, tmp_path):
    content, expected = FILES[kind]
    (tmp_path / "config.yaml").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_config(None, environ={}, cwd=tmp_path)
    (line,) = str(caught.value).splitlines()
    for part in expected:
        assert part in line


@pytest.mark.parametrize("content", [b"", b"\n", b"# nothing\n", b"---\n", b"{}\n", b"\xef\xbb\xbflang: en\n"])
def test_a_file_with_nothing_in_it_is_fine(content, tmp_path):
    (tmp_path / "config.yaml").write_bytes(content)
    assert load_config(None, environ={}, cwd=tmp_path).path is not None


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match=r"^nope\.yaml: no such file; `coinmon config init` writes one$"):
        load_config(tmp_path.relative_to(tmp_path) / "nope.yaml", environ={}, cwd=tmp_path)


def test_a_file_that_is_a_folder(tmp_path):
    (tmp_path / "config.yaml").mkdir()
    with pytest.raises(ConfigError, match=r"^config\.yaml: cannot be read \(Is a directory\)$"):
        load_config(None, environ={}, cwd=tmp_path)


def test_all_problems_are_told_at_once_each_with_its_source(complaints):
    lines = complaints(
        "lnag: en\nexchanges: {binance: {timeou: 1}}\noutputs: {dingtalk: }\n",
        dotenv="LOG_LEVEL=LOUD\n",
        env={"MCP_PORT": "0x50", "HEATMAP_ENABLED": "perhaps"},
        options={"interval": "1s"},
    )
    assert sorted(line.split(": ")[0] for line in lines) == sorted(
        ["config.yaml"] * 3 + [".env LOG_LEVEL", "environment MCP_PORT", "environment HEATMAP_ENABLED", "command line"]
    )


def test_a_broken_yaml_and_a_broken_env_file_are_both_told(complaints):
    lines = complaints("a: b: c\n", dotenv="nonsense\n")
    assert len(lines) == 2


def test_an_unknown_option_value_names_the_command_line(complaints):
    (line,) = complaints(options={"exchanges": ["binanc"]})
    assert line.startswith("command line: exchanges.binanc: there is no exchange binanc (did you mean binance?)")


def test_a_name_whose_plugin_is_broken_says_why(tmp_path, complaints):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "sonar.py").write_text("import no_such_thing\n", "utf-8")
    (line,) = complaints("plugins: {dir: mine}\nsignals: {sonar: }\n")
    assert "signal sonar is not at hand: plugin dir.sonar of plugin_dir is broken: ModuleNotFoundError" in line


def test_a_name_whose_plugin_is_disabled_says_so(complaints):
    (line,) = complaints("plugins: {disabled: [signals.whale]}\nsignals: {whale: {threshold: 1}}\n")
    assert line == (
        "config.yaml: signals.whale: signal whale is not at hand: plugin signals.whale is in plugins.disabled"
    )


def test_what_is_disabled_or_broken_may_be_switched_off(configured):
    assert "whale" not in configured("plugins: {disabled: [whale]}\nsignals: {whale: false}\n").signals


def test_a_broken_plugin_and_a_wish_for_nothing_are_warnings(tmp_path, configured):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "sonar.py").write_text("1/0\n", "utf-8")
    warnings = configured("plugins: {dir: mine, disabled: [signals.whal]}\n").warnings
    assert [each.split(":")[0] for each in warnings] == ["plugin dir.sonar of plugin_dir is broken", "config.yaml"]
    assert warnings[1].endswith("plugins.disabled: signals.whal names no plugin (did you mean signals.whale?)")


def test_a_number_is_what_a_reader_takes_it_for(configured, complaints):
    """YAML 1.1 would read 060 as 48 and 1:30 as 90."""
    assert configured("interval: 060\n").interval == 60_000
    (line,) = complaints("interval: 1:30\n")
    assert "interval" in line


@pytest.mark.parametrize(
    ("proxy", "said"),
    [
        ("socks5://用户:密码@127.0.0.1:1", "beyond ASCII"),
        ("http://user:s3/cret@127.0.0.1:1", "write '/' as %2F"),
        ("http://user:s3#cret@127.0.0.1:1", "write '#' as %23"),
    ],
)
def test_a_proxy_whose_password_would_be_misread_is_refused_without_showing_it(proxy, said, complaints):
    (line,) = complaints(f"proxy: {proxy!r}\n")[:1]
    assert said in line
    assert "cret" not in line
    assert "密" not in line
