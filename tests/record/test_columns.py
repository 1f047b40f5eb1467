"""Lines as columns: every byte comes back, whatever the lines are, and made-up trades take what their ids cost."""

import json
import random
import uuid

import pytest

from coinmon.record.columns_file import read_columns, write_columns

START = 1_795_892_592_123
ODD = [
    b"",
    b"[",
    b"null",
    b'[007,1,{"a":1}]',
    b'[1795892592123,1,{"a":-0,"b":-0.0,"c":1e-7,"d":1.50,"e":"01","f":123456789012345678901234567890}]',
    b'[1795892592123,1,{"t":"2026-02-30T00:00:00.000Z","u":"2026-01-15T12:00:44Z","v":"2026-01-15T12:00:44.123456Z"}]',
    '[1795892592124,1,{"s":"币安人生USDT","p":"0.5","x":"a\\"b","y":"a\\\\","z":[[],{},true,false,null]}]'.encode(),
    b'[1795892592125,1,"pong"]',
    b'[9223372036854775807,1,{"a":9223372036854775807,"b":4611686018427387904}]',
    b"\xff\xfe\x00",
    b'{"source":1,"at":1795892592123,"type":"stream","url":"wss://x/ws"}',
    b'[1795892592126,1,{"1":2,"i":"6a4f0759-c016-50e4-8e65-a2003588b499","j":"6A4F0759-C016-50E4-8E65-A2003588B499"}]',
]


@pytest.fixture
def packed(tmp_path):
    """The size of the file that pieces are packed into, having read all of them back."""

    def pack(text, cut=None):
        path = tmp_path / "trades.columns"
        pieces = [text] if cut is None else [text[at : at + cut] for at in range(0, len(text), cut)]
        with path.open("wb") as target:
            write_columns(target, pieces)
        assert b"".join(read_columns(path)) == text
        return path

    return pack


def test_any_lines_come_back_byte_for_byte(packed, monkeypatch):
    die = random.Random(5)
    monkeypatch.setattr("coinmon.record.columns_file._BLOCK_BYTES", 4000)
    for _ in range(20):
        lines = [die.choice(ODD) for _ in range(die.randrange(60))]
        lines += [bytes(die.choice(b'[]{}",:.-0123456789eTZ\n') for _ in range(die.randrange(30))) for _ in range(20)]
        die.shuffle(lines)
        packed(b"\n".join(lines) + die.choice((b"", b"\n")), cut=die.randrange(1, 700))
    packed(b"")


def test_lines_that_only_differ_in_one_place_come_back_too(packed):
    """A column whose last value is of another kind than all before it."""
    frames = [
        b'[%d,1,{"p":"1.%02d","i":"%s","t":"2026-01-15T12:00:44.%03dZ"}]' % (START, at, _id(at), at) for at in range(99)
    ]
    for odd in (b'"p":"1.5x"', b'"p":"01.5"', b'"p":"99999999999999999.5"', b'"p":null', b'"p":"-0.00"'):
        packed(b"\n".join([*frames, frames[0].replace(b'"p":"1.00"', odd)]) + b"\n")
    for old, odd in ((b"44.000Z", b"44Z"), (b"01-15T", b"13-15T"), (_id(0), b"none"), (_id(0), _id(1))):
        packed(b"\n".join([*frames, frames[0].replace(old, odd)]) + b"\n")


def test_a_file_that_was_cut_gives_the_blocks_that_are_whole(packed, monkeypatch):
    monkeypatch.setattr("coinmon.record.columns_file._BLOCK_BYTES", 1000)
    text = b"".join(b'[%d,1,{"a":%d}]\n' % (START + at, at) for at in range(500))
    path = packed(text, cut=64)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    got = b"".join(read_columns(path))
    assert 0 < len(got) < len(text)
    assert text.startswith(got)
    path.write_bytes(b"something else")
    with pytest.raises(ValueError, match="no file of columns"):
        list(read_columns(path))


def test_trades_take_little_more_than_what_is_random_in_them(packed):
    """Two ids of 122 random bits, a size of 12, a side, a coin, a step of the price, two times: nothing else is new."""
    die = random.Random(1)
    price, lines = {}, []
    for at in range(2500):
        coin = die.choice(("BTC", "ETH", "SOL", "XRP"))
        price[coin] = price.get(coin, 900_000) + die.randrange(-3, 4)
        maker, taker = (str(uuid.UUID(int=die.getrandbits(128), version=4)) for _ in range(2))
        frame = {
            "type": "match", "trade_id": 10_000 + at, "maker_order_id": maker, "taker_order_id": taker,
            "side": die.choice(("buy", "sell")), "size": f"{die.randrange(4096) / 1e4:.8f}",
            "price": f"{price[coin] / 100:.2f}", "product_id": f"{coin}-USD", "sequence": 77_000_000 + 3 * at,
            "time": f"2026-01-15T12:{at // 100:02d}:{at % 60:02d}.{die.randrange(10**6):06d}Z",
        }  # fmt: skip
        text = json.dumps(frame, separators=(",", ":")).encode()
        lines.append(b"[%d,1,%b]\n" % (START + at * 30 + die.randrange(20), text))
    size = packed(b"".join(lines)).stat().st_size / len(lines)
    random_bytes = 2 * 122 / 8 + 12 / 8 + (1 + 2 + 2.8 + 20 + 4.3) / 8
    assert random_bytes < size < random_bytes * 1.15


def _id(at):
    return str(uuid.UUID(int=at * 7919**9, version=4)).encode()
