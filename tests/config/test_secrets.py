"""No secret is shown: not in complaints, not by `config show`, not in the repr of the configuration."""

import pytest

from coinmon.secrets import redacted, shown

MARK = "hunter2x9"
FULL = f"""
proxy: http://me:{MARK}@proxy:8080
db: postgresql://me:{MARK}@host/coins
exchanges:
  binance: {{proxy: "socks5://me:{MARK}@proxy:1080"}}
outputs:
  dingtalk: {{webhook: "https://oapi.dingtalk.com/robot/send?access_token={MARK}", secret: SEC{MARK}}}
  wecom: {{webhook: "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={MARK}"}}
"""


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        (f"proxy http://me:{MARK}@host:1/x failed", "proxy http://***@host:1/x failed"),
        (f"http://me:{MARK}@p@host", "http://***@host"),
        (f"postgresql+psycopg://me:{MARK}@host/db", "postgresql+psycopg://***@host/db"),
        (f"GET https://x/send?access_token={MARK}&timestamp=1", "GET https://x/send?access_token=***&timestamp=1"),
        (f"https://x/send?key={MARK}, again", "https://x/send?key=***, again"),
        (f"?timestamp=1&sign={MARK}%3D", "?timestamp=1&sign=***"),
        (f"secret={MARK} token={MARK}", "secret=*** token=***"),
        (f'{{"secret": "{MARK}", "a": "b"}}', '{"secret": "***", "a": "b"}'),
        (f"Authorization: Bearer {MARK}", "Authorization: Bearer ***"),
        ("https://api.telegram.org/bot123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1/send", "api.telegram.org/bot***"),
        ("https://hooks.slack.com/services/T00/B00/XXXX", "https://hooks.slack.com/services/***"),
        ("https://discord.com/api/webhooks/12/ab-c", "https://discord.com/api/webhooks/***"),
        ("https://open.feishu.cn/open-apis/bot/v2/hook/ab-c", "https://open.feishu.cn/open-apis/bot/v2/hook/***"),
        ("SEC0123456789abcdef0123456789", "***"),
    ],
)
def test_secrets_are_hidden_in_any_text(text, safe, monkeypatch):
    # by what they look like: what other tests of this process had for secrets hides more
    monkeypatch.setattr("coinmon.secrets._known", set())
    hidden = redacted(text)
    assert safe.strip() in hidden or hidden == safe
    assert MARK not in hidden
    assert redacted(hidden) == hidden


@pytest.mark.parametrize(
    "text", ["BTC/USDT +500k", "https://api.binance.com/api/v3/time?symbol=BTCUSDT", "monkey=1", "12:00-20:00", "a@b.c"]
)
def test_what_is_no_secret_stays(text):
    assert redacted(text) == text


def test_settings_are_hidden_by_type_or_by_name(configured):
    settings = configured(FULL).outputs["dingtalk"].settings
    assert shown(settings) == {
        **settings,
        "webhook": "***",
        "secret": "***",
        "proxy": "http://***@proxy:8080",
    }
    assert shown({"bot_token": MARK, "password": "", "tokens": [MARK]}) == {
        "bot_token": "***",
        "password": "",
        "tokens": ["***"],
    }


def test_the_configuration_itself_does_not_show_them(configured):
    config = configured(FULL)
    assert MARK not in repr(config)


@pytest.mark.parametrize(
    "yaml",
    [
        f"proxy: http//me:{MARK}@x",
        f"proxy: ftp://me:{MARK}@x",
        f"db: mysql://me:{MARK}@x/y",
        f"exchanges: {{binance: {{proxy: 'gopher://me:{MARK}@x'}}}}",
        f"serve: {{public_url: 'ftp://me:{MARK}@x'}}",
        f"outputs: {{dingtalk: {{webhook: {MARK}}}}}",
        f"outputs: {{dingtalk: {{webhook: [{MARK}]}}}}",
        f"outputs: {{wecom: {{webhook: 'http://[{MARK}'}}}}",
        f"outputs: {{wecom: {{webhook: 'https://x/?key={MARK}: {{'}}",
    ],
)
def test_complaints_do_not_echo_them(yaml, complaints):
    lines = complaints(yaml)
    assert not [line for line in lines if MARK in line]


@pytest.mark.parametrize("name", ["DINGTALK_WEBHOOK", "WECHAT_WEBHOOK"])
def test_nor_when_they_come_from_the_environment(name, complaints):
    env = {name: MARK, "ENABLE_DINGTALK": "1", "ENABLE_WECHAT": "1"}
    assert not [line for line in complaints(env=env) if MARK in line]
