"""WeCom: markdown for people, a text to page everyone, and sent only when the robot says so."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from coinmon import DeliveryRefused, DeliveryRetry, DeliverySplit
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
    assert content.startswith(
        "### [A+] BTC 96,409 +0.58 % 全球协同看涨\n\n**信号类型**: 全球协同看涨 (Global Sync Bullish)\n"
    )
    assert '- 📈 BINANCE: <font color="info">+500k USDT</font>' in content
    assert '- 📉 OKX: <font color="warning">-200k USDT</font> (96%)' in content
    assert content.endswith("coinmon · sig-1")
    assert second == {
        "msgtype": "text",
        "text": {"content": "[A+] BTC 96,409 +0.58 % 全球协同看涨\n\ncoinmon · sig-1", "mentioned_list": ["@all"]},
    }


@pytest.mark.parametrize(
    ("kind", "change", "settings"),
    [("whale", {}, {}), ("signal", {"grade": "B"}, {}), ("signal", {"grade": "A"}, {"at_all": False})],
)
def test_nobody_is_paged_for_the_rest(kind, change, settings, send, message):
    (seen,) = send(message(kind, **change), **settings)
    assert seen["msgtype"] == "markdown"


def test_the_page_is_a_part_of_its_own(with_robot, wecom_robot, message):
    async def talk(robot):
        output = WeCom("wecom", webhook=SecretStr(f"{robot.url}?key=0b1c-key"))
        assert output.parts(message()) == 2
        await output.send(replace(message(), part=1))
        await output.send(replace(message(), part=0))

    with_robot(wecom_robot, talk)
    assert [each["msgtype"] for each in wecom_robot.seen] == ["text", "markdown"]


@pytest.mark.parametrize("hostile", ["很长的一行\n" * 1000, "🚀" * 5000, "x" * 20_000, "<font>" * 3000])
def test_whatever_is_in_it_the_robot_finds_it_short_enough(hostile, send, message):
    long = {"zh": hostile, "en": hostile}
    *parts, page = send(message(reading=long, title=long))
    assert len(parts) == 3
    assert "已截断" in parts[-1]["markdown"]["content"]
    assert max(len(each["markdown"]["content"].encode()) for each in parts) <= 4_000
    assert len(page["text"]["content"].encode()) <= 2_000


def test_without_markdown_the_text_pages(send, message):
    (seen,) = send(message(), style="text")
    assert seen["text"]["mentioned_list"] == ["@all"]
    assert seen["text"]["content"].startswith("[A+] BTC 96,409 +0.58 % 全球协同看涨\n\n信号类型: 全球协同看涨")


def test_a_rule_between_two_languages_is_one_that_the_robot_draws(send, message):
    first, _ = send(message(), lang="both")
    assert "---" not in first["markdown"]["content"]
    assert "\n\n————————————\n\n### [A+] BTC 96,409 +0.58 % Global Sync Bullish" in first["markdown"]["content"]
    *_, first, _ = send(message(), lang="both", style="markdown_v2")
    assert "\n\n---\n\n### [A+]" in first["markdown_v2"]["content"]


def test_markdown_v2_has_no_colours(send, message):
    first, page = send(message(), style="markdown_v2")
    assert "- 📈 BINANCE: +500k USDT\n" in first["markdown_v2"]["content"]
    assert page["msgtype"] == "text"


@pytest.mark.parametrize("code", [40058, 45002])
def test_one_that_is_too_long_is_cut_finer(code, send, message):
    with pytest.raises(DeliverySplit):
        send(message(), answers=[{"errcode": code, "errmsg": "content size out of limit"}])


@pytest.mark.parametrize(
    ("answer", "cure"),
    [
        ({"errcode": 93000, "errmsg": "invalid webhook url, hint: [1]"}, "check outputs.wecom.webhook"),
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
