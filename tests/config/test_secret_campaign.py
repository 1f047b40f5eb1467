"""A thousand generated secrets, of every printable character and in every place that takes one: none is ever shown."""

import random
import string
from urllib.parse import quote

import pytest
import yaml

from coinmon import secrets
from coinmon.commands.config import _rows
from coinmon.config.load import load_config
from coinmon.errors import CoinmonError, ConfigError

PRINTABLE = string.printable.strip() + " éß密"
SECRETS = 1000


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    monkeypatch.setattr(secrets, "_known", set())


def made(random_):
    return "".join(random_.choice(PRINTABLE) for _ in range(random_.randint(9, 24))).strip("- *") + "x7Q"


def spelt(secret):
    return quote(secret, safe="")


DATABASES = [
    lambda s: f"postgresql://coin:{spelt(s)}@127.0.0.1:5999/coins",
    lambda s: f"postgresql://coin:{s}@127.0.0.1:5999/coins",
    lambda s: f"postgresql://coin@127.0.0.1:5999/coins?password={spelt(s)}",
]
PROXIES = [lambda s: f"http://me:{spelt(s)}@127.0.0.1:1", lambda s: f"http://me:{s}@127.0.0.1:1"]


@pytest.mark.parametrize("seed", range(10))
def test_no_secret_is_shown(seed, tmp_path):
    random_ = random.Random(seed)
    for _ in range(SECRETS // 80):
        held = [made(random_) for _ in range(8)]
        # an @ that is not spelt out could be the host's
        held[:2] = [each.replace("@", "a") for each in held[:2]]
        db, proxy, venue, token, robot, signature, webhook, mail = held
        database, through = random_.choice(DATABASES), random_.choice(PROXIES)
        values = {
            "db": database(db),
            "proxy": through(proxy),
            "serve": {"token": token},
            "exchanges": {"okx": {"proxy": f"socks5://me:{spelt(venue)}@127.0.0.1:1"}},
            "outputs": {
                "dingtalk": {
                    "webhook": f"https://oapi.dingtalk.com/robot/send?access_token={spelt(robot)}",
                    "secret": signature,
                },
                "webhook": {"webhook": f"https://example.com/{spelt(webhook)}"},
                "apprise": {"url": f"mailto://me:{spelt(mail)}@example.com"},
            },
        }
        secrets._known.clear()
        path = tmp_path / "config.yaml"
        path.write_text(yaml.safe_dump(values, allow_unicode=True), "utf-8")
        said = [f"cannot reach {values['db']} by {values['proxy']}: {each!r} {each} {spelt(each)}" for each in held]
        try:
            config = load_config(path, environ={}, cwd=tmp_path)
        except ConfigError as error:
            seen = [str(error)]
        else:
            seen = [repr(config), *map(str, _rows(config))]
        seen += [secrets.redacted(each) for each in said] + [str(CoinmonError(each)) for each in said]
        for text in seen:
            for secret in held:
                assert not [each for each in (secret, spelt(secret), repr(secret)[1:-1]) if each in text]


def test_a_word_is_not_cut_out_of_everything():
    secrets.remember_url("postgresql://coinmon:coinmon@localhost/coinmon")
    assert secrets.redacted("coinmon scan: BTC") == "coinmon scan: BTC"
    assert secrets.redacted("postgresql://coinmon:coinmon@localhost/coinmon") == "postgresql://***@localhost/coinmon"
