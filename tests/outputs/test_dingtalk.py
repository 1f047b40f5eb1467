"""DingTalk: signed once, as long as allowed, and sent only when the robot says so."""

import pytest
from pydantic import SecretStr

from coinmon import DeliveryRefused, DeliveryRetry, DeliverySplit
from coinmon.config.load import load_config
from coinmon_outputs.dingtalk import DingTalk


@pytest.fixture
def send(with_robot, dingtalk_robot):
    """Sends messages one after the other to the robot; `extra` goes into the address."""

    def run(*messages, token="tok123", secret="SECabc", extra="", answers=(), **settings):
        dingtalk_robot.answers = list(answers)

        async def talk(robot):
            webhook = SecretStr(f"{robot.url}?access_token={token}{extra}")
            output = DingTalk("dingtalk", webhook=webhook, secret=SecretStr(secret) if secret else None, **settings)
            for each in messages:
                await output.send(each)
            return robot.seen

        return with_robot(dingtalk_robot, talk)

    return run


def test_a_signal_arrives_in_the_format_that_users_know(send, message):
    (seen,) = send(message())
    assert seen["markdown"]["title"] == "[A+] BTC 96,409 +0.58 % 全球协同看涨"
    assert (
        seen["markdown"]["text"].replace("  \n", "\n")
        == """\
### [A+] BTC 96,409 +0.58 % 全球协同看涨

**信号类型**: 全球协同看涨 (Global Sync Bullish)
**信号等级**: A+
**币种**: BTC/USDT
**触发时间**: 2025-12-12 17:00:00 UTC

**平台资金流向** (过去50分钟):
- 📈 BINANCE: +500k USDT
- 📉 OKX: -200k USDT (96%)
- COINBASE: -
- BYBIT: - (12/50 分钟)

**市场共识**: 强力看涨 (全平台净流入)

**价格**: 96,409 (50 分钟 +0.58 %)
**持仓量变化**: BINANCE +1.20 % · OKX -0.30 %
**资金费率**: BINANCE +0.0100 %
**最近支撑**: 昨日 VAL 95,800 (-0.63 %)
**最近阻力**: dVAH 97,000 (+0.61 %)

**信号解读**: 主力资金全平台吸筹，市场做多情绪一致。

🚀 **强烈建议**: 适合追涨或加仓。

coinmon · sig-1"""
    )


def test_in_english(send, message):
    (seen,) = send(message(), lang="en")
    text = seen["markdown"]["text"]
    assert "### [A+] BTC 96,409 +0.58 % Global Sync Bullish" in text
    assert "**Signal**: Global Sync Bullish" in text
    assert "**Reading**: Big money accumulates everywhere." in text
    assert "看涨" not in text


def test_a_whale_arrives_without_paging_anyone(send, message):
    (seen,) = send(message("whale"))
    assert seen["markdown"]["title"] == "🐳 BTC 买入 $523,450 @ 42,150 [BINANCE]"
    assert seen["markdown"]["text"] == (
        "### 🐳 BTC 买入 $523,450 @ 42,150 [BINANCE]\n\n**平台**: binance:BTC/USDT  \n**数量**: 12.4 BTC  \n"
        "**时间**: 2025-12-12 17:00:00 UTC\n\ncoinmon · whale-1"
    )
    assert seen["at"] == {"isAtAll": False}


@pytest.mark.parametrize(
    ("change", "at_all", "paged"),
    [
        ({"grade": "A+"}, True, True),
        ({"grade": "A"}, True, True),
        ({"grade": "A"}, False, False),
        ({"grade": "B+"}, True, False),
        ({"grade": "B"}, True, False),
        ({"grade": None, "signal": "consensus_change"}, True, True),
    ],
)
def test_everyone_is_paged_for_a_and_consensus_only(change, at_all, paged, send, message):
    (seen,) = send(message(**change), at_all=at_all)
    assert seen["at"]["isAtAll"] is paged


@pytest.mark.parametrize("secret", ["SECabc", "SEC" + "f" * 64, "密钥 with+signs/=&%"])
def test_the_signature_is_encoded_exactly_once(secret, send, message, dingtalk_robot):
    dingtalk_robot.secret = secret
    for number in range(20):  # base64 of twenty digests has every character that needs encoding
        dingtalk_robot.seen.clear()
        send(message(id=f"s{number}"), secret=secret)
        assert len(dingtalk_robot.seen) == 1
    for query in dingtalk_robot.queries:
        assert "%25" not in query
        assert "+" not in query
        assert query.count("access_token=") == query.count("&timestamp=") == query.count("&sign=") == 1


def test_without_a_secret_nothing_is_added(send, message, dingtalk_robot):
    dingtalk_robot.secret = ""
    send(message(), secret=None)
    assert dingtalk_robot.queries == ["access_token=tok123"]


LONG = "很长的说明，一行又一行。🚀\n" * 2000


def test_a_message_that_is_too_long_comes_in_parts_of_whole_lines(send, message):
    parts = [each["markdown"]["text"] for each in send(message(reading={"zh": LONG[:8000], "en": "x"}))]
    assert len(parts) == 2
    for number, text in enumerate(parts, 1):
        assert text.endswith(f"一行又一行。🚀\n\ncoinmon · sig-1 ({number}/2)") or number == 2
        assert "�" not in text
    lines = "\n".join(parts).replace("  \n", "\n").splitlines()
    assert sum(line.endswith("很长的说明，一行又一行。🚀") for line in lines) == 8000 // 14


def test_one_that_is_longer_than_that_is_cut_and_says_so(send, message):
    parts = [each["markdown"]["text"] for each in send(message(reading={"zh": LONG, "en": "x"}))]
    assert len(parts) == 3
    assert parts[-1].endswith("…… (内容过长, 已截断 / cut)\n\ncoinmon · sig-1 (3/3)")


@pytest.mark.parametrize("hostile", ["🚀" * 20_000, '"' * 30_000, "a\n" * 20_000, "\\" * 20_000])
def test_whatever_is_in_it_the_robot_finds_it_short_enough(hostile, send, message):
    seen = send(message(reading={"zh": hostile, "en": "x"}))
    assert len(seen) == 3
    assert [each["at"]["isAtAll"] for each in seen] == [True, False, False]


def test_members_are_paged_by_number_and_a_keyword_ends_the_message(send, message):
    (seen,) = send(message(), mobiles=("13800000000",), keyword="监控")
    assert seen["at"] == {"isAtAll": False, "atMobiles": ["13800000000"]}
    assert seen["markdown"]["text"].endswith("@13800000000  \n监控 · coinmon · sig-1")


def test_a_robot_that_takes_less_is_sent_less(with_robot, dingtalk_robot, message):
    dingtalk_robot.answers = [{"errcode": 460101, "errmsg": "message too long, exceed 20000 bytes"}]
    long = message(reading={"zh": "一行。\n" * 1200, "en": "x"})

    async def talk(robot):
        output = DingTalk("d", webhook=SecretStr(f"{robot.url}?access_token=tok123"), secret=SecretStr("SECabc"))
        assert output.parts(long) == 1
        with pytest.raises(DeliverySplit):
            await output.send(long)
        assert output.parts(long) == 2
        robot.seen.clear()
        await output.send(long)
        return robot.seen

    assert len(with_robot(dingtalk_robot, talk)) == 2


REFUSED = {
    "keyword": ({"errcode": 310000, "errmsg": "keywords not in content"}, "make `coinmon` a keyword"),
    "signature": ({"errcode": 310000, "errmsg": "sign not match"}, "check outputs.dingtalk.secret"),
    "signature, newer words": (
        {"errcode": 310000, "errmsg": "description:机器人发送签名不匹配;solution:..."},
        "check outputs.dingtalk.secret",
    ),
    "clock": ({"errcode": 310000, "errmsg": "invalid timestamp"}, "set this machine's clock"),
    "address": ({"errcode": 310000, "errmsg": "ip 1.2.3.4 not in whitelist"}, "add this machine's address"),
    "token": ({"errcode": 300005, "errmsg": "token is not exist"}, "check outputs.dingtalk.webhook"),
    "token, other": ({"errcode": 300001, "errmsg": "x"}, "check outputs.dingtalk.webhook"),
    "robot gone": ({"errcode": 400106, "errmsg": "robot absent"}, "check outputs.dingtalk.webhook"),
    "group gone": ({"errcode": 400013, "errmsg": "group dissolved"}, "make a robot in another one"),
    "stopped": ({"errcode": 400102, "errmsg": "bot stopped"}, "start it"),
    "unheard of": ({"errcode": 12345, "errmsg": "new trouble"}, "new trouble"),
    "a code that is a text": ({"errcode": "310000", "errmsg": "sign not match"}, "check outputs.dingtalk.secret"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_refusal_for_good_names_the_output_and_the_cure(kind, send, message):
    answer, cure = REFUSED[kind]
    with pytest.raises(DeliveryRefused) as caught:
        send(message(), answers=[answer])
    assert str(caught.value).startswith(f"dingtalk: refused with {answer['errcode']}")
    assert cure in str(caught.value)
    assert "\n" not in str(caught.value)


LATER = {
    "too fast": ({"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}, 60),
    "too fast, other": ({"errcode": 410100, "errmsg": "发送速度太快而限流"}, 60),
    "abuse page": ({"status": 1111, "wait": 5, "punish": "deny"}, 60),
    "busy": ({"errcode": -1, "errmsg": "system busy"}, 30),
    "server error": ((502, "<html>bad gateway</html>", {}), None),
    "told to wait": ((429, "", {"Retry-After": "7"}), 7),
    "not JSON": ((200, "<html>hello</html>", {}), None),
    "JSON of something else": ((200, "[]", {}), None),
    "no code": ((200, "{}", {}), None),
    "redirected": ((302, "", {"Location": "http://127.0.0.1:1/"}), None),
}


@pytest.mark.parametrize("kind", LATER)
def test_what_may_go_through_later_says_when(kind, send, message):
    answer, wait = LATER[kind]
    with pytest.raises(DeliveryRetry) as caught:
        send(message(), answers=[answer])
    assert caught.value.retry_after == wait


def test_a_second_throttling_in_a_row_waits_ten_minutes_and_success_forgets(with_robot, dingtalk_robot, message):
    fast, ok = {"errcode": 130101, "errmsg": "send too fast"}, {"errcode": 0, "errmsg": "ok"}
    dingtalk_robot.answers = [fast, fast, fast, ok, fast]
    waits = []

    async def talk(robot):
        output = DingTalk("d", webhook=SecretStr(f"{robot.url}?access_token=tok123"), secret=SecretStr("SECabc"))
        for _ in range(5):
            try:
                await output.send(message())
                waits.append(0)
            except DeliveryRetry as error:
                waits.append(error.retry_after)

    with_robot(dingtalk_robot, talk)
    assert waits == [60, 600, 600, 0, 60]


def test_no_answer_is_for_later_and_the_address_is_in_no_complaint(send, message, dingtalk_robot, caplog):
    caplog.set_level("DEBUG")
    leaky = {"errcode": 300005, "errmsg": "token tok-very-secret is not exist"}
    with pytest.raises(DeliveryRefused) as refused:
        send(message(), token="tok-very-secret", answers=[leaky])
    with pytest.raises(DeliveryRetry) as cut:
        send(message(), token="tok-very-secret", proxy="http://127.0.0.1:1")
    assert "ConnectError" in str(cut.value)
    told = f"{refused.value} {refused.value.__cause__} {cut.value} {cut.value.__cause__} {caplog.text}"
    assert "tok-very-secret" not in told
    assert "SECabc" not in told


def test_a_wrong_secret_is_found_out_by_the_robot(send, message):
    with pytest.raises(DeliveryRefused, match=r"check outputs\.dingtalk\.secret"):
        send(message(), secret="SECwrong")


def test_it_is_made_from_its_configuration(with_robot, dingtalk_robot, message, tmp_path):
    async def talk(robot):
        env = {
            "ENABLE_DINGTALK": "true",
            "DINGTALK_WEBHOOK": f"{robot.url}?access_token=tok123",
            "DINGTALK_SECRET": "SECabc",
            "COINMON_LANG": "en",
        }
        chosen = load_config(None, environ=env, cwd=tmp_path).outputs["dingtalk"]
        await chosen.offer.target(chosen.name, **chosen.settings).send(message())

    with_robot(dingtalk_robot, talk)
    assert "Global Sync Bullish" in dingtalk_robot.seen[0]["markdown"]["text"]


@pytest.mark.parametrize("words", ["sign not match", "invalid timestamp", "description:机器人发送签名不匹配"])
def test_a_signing_robot_without_a_secret_is_told_so(words, send, message):
    refused = {"errcode": 310000, "errmsg": words}
    with pytest.raises(DeliveryRefused, match=r"加签.*set outputs\.dingtalk\.secret"):
        send(message(), secret=None, answers=[refused])
