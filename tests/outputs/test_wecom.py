"""WeCom: markdown for people, a text to page everyone, and sent only when the robot says so."""

import pytest
from pydantic import SecretStr

from coinmon import DeliveryRefused, DeliveryRetry
from coinmon_outputs.wecom import WeCom


@pytest.fixture
def send(with_robot, wecom_robot):
    """Sends messages one after the other to the robot."""

    def run(*messages, key="0b1c-key", answers=(), **settings):
        wecom_robot.answers = list(answers)

        async def talk(robot):
            output = WeCom("wecom", webhook=SecretStr(f"{robot.url}?key={key}"), **settings)
            for each in messages:
                await output.send(each)
            return robot.seen

        return with_robot(wecom_robot, talk)

    return run


def test_a_signal_arrives_coloured_and_everyone_is_paged_by_a_text_after_it(send, message):
    first, second = send(message())
    assert first == {"msgtype": "markdown", "markdown": {"content": first["markdown"]["content"]}}
    content = first["markdown"]["content"]
    assert content.startswith("### 🚨 全球主力资金监控系统报警\n\n**信号类型**: 全球协同看涨 (Global Sync Bullish)\n")
    assert '- 📈 BINANCE: <font color="info">+500k USDT</font>' in content
    assert '- 📉 OKX: <font color="warning">-200k USDT</font> (96%)' in content
    assert content.endswith("coinmon · sig-1")
    assert second == {
        "msgtype": "text",
        "text": {"content": "🚨 [A+] BTC/USDT 全球协同看涨\nsig-1", "mentioned_list": ["@all"]},
    }


@pytest.mark.parametrize(
    ("kind", "change", "settings"),
    [("whale", {}, {}), ("signal", {"grade": "B"}, {}), ("signal", {"grade": "A"}, {"at_all": False})],
)
def test_nobody_is_paged_for_the_rest(kind, change, settings, send, message):
    (seen,) = send(message(kind, **change), **settings)
    assert seen["msgtype"] == "markdown"


def test_a_page_that_failed_is_sent_alone_when_tried_again(with_robot, wecom_robot, message):
    ok, busy = {"errcode": 0, "errmsg": "ok"}, {"errcode": -1, "errmsg": "system busy"}
    wecom_robot.answers = [ok, busy, ok]

    async def talk(robot):
        output = WeCom("wecom", webhook=SecretStr(f"{robot.url}?key=0b1c-key"))
        with pytest.raises(DeliveryRetry):
            await output.send(message())
        await output.send(message())
        await output.send(message())

    with_robot(wecom_robot, talk)
    kinds = [each["msgtype"] for each in wecom_robot.seen]
    assert kinds == ["markdown", "text", "text", "markdown", "text"]


@pytest.mark.parametrize("hostile", ["很长的一行\n" * 1000, "🚀" * 5000, "x" * 10_000, "<font>" * 3000])
def test_whatever_is_in_it_the_robot_finds_it_short_enough(hostile, send, message):
    long = {"zh": hostile, "en": hostile}
    first, second = send(message(reading=long, title=long))
    assert len(first["markdown"]["content"].encode()) <= 4_000
    assert "已截断" in first["markdown"]["content"]
    assert len(second["text"]["content"].encode()) <= 2_000


def test_a_cut_message_ends_with_a_whole_line(send, message):
    content = send(message(reading={"zh": "一行。\n" * 2000, "en": "x"}))[0]["markdown"]["content"]
    assert content.endswith("一行。\n…… (内容过长, 已截断)")


@pytest.mark.parametrize(
    ("answer", "cure"),
    [
        ({"errcode": 93000, "errmsg": "invalid webhook url, hint: [1]"}, "check outputs.wecom.webhook"),
        ({"errcode": 40058, "errmsg": "markdown.content exceed max length 4096"}, "too long"),
        ({"errcode": 777, "errmsg": "new trouble"}, "new trouble"),
    ],
)
def test_a_refusal_for_good_names_the_output_and_the_cure(answer, cure, send, message):
    with pytest.raises(DeliveryRefused, match=cure) as caught:
        send(message(), answers=[answer])
    assert str(caught.value).startswith(f"wecom: refused with {answer['errcode']}")


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        ({"errcode": 45009, "errmsg": "api freq out of limit"}, 60),
        ({"errcode": -1, "errmsg": "system busy"}, 30),
        ((500, "oops", {}), None),
        ((200, "oops", {}), None),
    ],
)
def test_what_may_go_through_later_says_when(answer, wait, send, message):
    with pytest.raises(DeliveryRetry) as caught:
        send(message(), answers=[answer])
    assert caught.value.retry_after == wait


def test_a_wrong_key_is_refused_and_not_shown(send, message):
    with pytest.raises(DeliveryRefused, match="93000 invalid webhook url") as caught:
        send(message(), key="wrong-key")
    assert "wrong-key" not in str(caught.value)
