"""Lines of a recording: byte for byte what came, and nothing that is secret."""

import json

import msgspec
import pytest

from coinmon.record.lines import answer_line, frame_line, split_url, told_headers, without_secrets

RAW = msgspec.json.Decoder(list[msgspec.Raw])


@pytest.mark.parametrize(
    "text",
    [
        '{"p":"0.10","q":1e-05,"x":[1, 2],"s":"币安人生USDT"}',
        "[1,2,3]",
        '{"id": 12345678901234567890123, "a" : 1.0}',
    ],
)
def test_json_stays_as_it_was_sent(text):
    line = frame_line(5, 1, text)
    assert bytes(RAW.decode(line)[2]).decode() == text
    assert line.count(b"\n") == 1


@pytest.mark.parametrize("text", ["pong", '{"a":\n1}', "{broken", '"a string"', "12", "", "[1,2", "a\nb", '{"a":1} {}'])
def test_what_is_no_json_on_a_line_is_a_text_and_still_a_line(text):
    at, number, said = json.loads(frame_line(5, 1, text))
    assert (at, number, said) == (5, 1, text)


def test_an_answer_says_how_it_was_asked():
    at, number, body, about = json.loads(answer_line(7, 2, b'{"a":1}', {"query": "x=1", "status": 200, "took": 3}))
    assert (at, number, body, about) == (7, 2, {"a": 1}, {"query": "x=1", "status": 200, "took": 3})
    _, _, body, about = json.loads(answer_line(7, 2, b"<html>\nRequest blocked", {"query": "", "status": 403}))
    assert (body, about["body"]) == ("<html>\nRequest blocked", "text")
    assert json.loads(answer_line(7, 2, None, {"error": "no answer"}))[2] is None


def test_secrets_are_not_written():
    place, query = split_url("https://us:pw1@api.x.com:8080/v1/a?symbol=A&apiKey=K3y&signature=abc&listenKey=l&limit=5")
    assert place == "https://api.x.com:8080/v1/a"
    assert query == "symbol=A&apiKey=***&signature=***&listenKey=***&limit=5"
    sent = without_secrets('{"op":"login","args":[{"apiKey":"K3y","passphrase":"pp","sign":"s"}]}')
    assert json.loads(sent) == {"op": "login", "args": [{"apiKey": "***", "passphrase": "***", "sign": "***"}]}
    same = '{"op": "subscribe",  "args":[{"channel":"trades","instId":"BTC-USDT"}]}'
    assert without_secrets(same) == same


def test_only_headers_about_the_host_are_kept():
    headers = {"Content-Type": "text/html", "Set-Cookie": "session=1", "Retry-After": "5", "X-MBX-USED-WEIGHT-1M": "9"}
    assert told_headers(headers) == {"Content-Type": "text/html", "Retry-After": "5", "X-MBX-USED-WEIGHT-1M": "9"}
    assert told_headers({"Content-Type": "application/json; charset=utf-8"}) == {}
