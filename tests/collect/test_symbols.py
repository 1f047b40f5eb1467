"""Everything that people type, and what they get when it is nothing."""

import pytest

from coinmon.errors import ConfigError
from coinmon.model.instrument import Pair
from coinmon.model.symbols import Universe

QUOTES = {"USD": "USDT", "USDC": "USDT"}


@pytest.fixture
def universe(plain):
    made = plain.instrument
    return Universe(
        [
            made("BTC/USDT", "binance"), made("BTC/USDT:USDT", "binance"), made("BTC/USDC", "binance"),
            made("BTC/USDT", "okx", native="BTC-USDT"), made("BTC/USDT:USDT", "okx", native="BTC-USDT-SWAP"),
            made("BTC/USD", "coinbase", native="BTC-USD"), made("BTC/USDC", "coinbase", native="BTC-USDC"),
            made("ETH/USDT", "binance"), made("ETH/BTC", "binance"), made("1000PEPE/USDT:USDT", "binance"),
        ],
        QUOTES,
    )  # fmt: skip


SPELLINGS = {
    **dict.fromkeys(("BTCUSDT", "btcusdt", "btc/usdt", "BTC-USDT", "BTC_USDT", " BTC/USDT ", "BTC"), (None, None)),
    **dict.fromkeys(("BTCUSD", "BTC-USD", "btc/usdc"), (None, None)),
    **dict.fromkeys(("BTC/USDT:USDT", "btc/usdt:usdt", "BTCUSDT.P", "btcusdt.p", "BTC.P"), (None, "perp")),
    **dict.fromkeys(("BTC-USDT-SWAP", "BTCUSDTSWAP", "BTC-PERP", "BTCUSDT_PERP"), (None, "perp")),
    **dict.fromkeys(("okx:BTCUSDT", "OKX:btc/usdt", "okx:BTC", "okx:BTC-USDT"), ("okx", None)),
    **dict.fromkeys(("okx:BTC/USDT:USDT", "okx:BTCUSDT.P", "okx:BTC-USDT-SWAP"), ("okx", "perp")),
}


@pytest.mark.parametrize("text", SPELLINGS)
def test_every_spelling_of_bitcoin(universe, text):
    wanted = universe.resolve(text)
    assert (str(wanted.pair), wanted.venue, wanted.kind) == ("BTC/USDT", *SPELLINGS[text])


@pytest.mark.parametrize(
    ("text", "pair"), [("ETHBTC", "ETH/BTC"), ("eth-btc", "ETH/BTC"), ("1000pepeusdt.p", "1000PEPE/USDT")]
)
def test_other_pairs(universe, text, pair):
    assert str(universe.resolve(text).pair) == pair


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("BTCUSTD", "BTCUSTD: no such pair on binance, coinbase, okx; did you mean BTCUSD, BTCUSDT"),
        ("ETHUSDTT", "did you mean ETHUSDT"),
        ("XYZ", "XYZ: no such pair on binance, coinbase, okx"),
        ("", ": no such pair on binance"),
        ("bybit:BTCUSDT", "bybit:BTCUSDT: no venue 'bybit' here; there is binance, coinbase, okx"),
        ("okx:ETHUSDT", "okx:ETHUSDT: ETH/USDT is not there; it is at binance:ETH/USDT"),
        ("ETHUSDT.P", "ETHUSDT.P: ETH/USDT is not there; it is at binance:ETH/USDT"),
        ("BTC/USDT:USDT-261225", "no such pair"),
    ],
)
def test_what_is_not_there_is_one_line_with_what_is(universe, text, told):
    with pytest.raises(ConfigError) as caught:
        universe.resolve(text)
    (line,) = str(caught.value).splitlines()
    assert told in line


def test_nothing_is_listed_anywhere():
    with pytest.raises(ConfigError, match="BTC: no such pair on any venue"):
        Universe([], QUOTES).resolve("BTC")


def test_one_instrument_a_venue_and_kind(universe):
    pair = universe.resolve("BTC").pair
    assert [each.id for each in universe.of(pair)] == [
        "binance:BTC/USDT", "coinbase:BTC/USD", "okx:BTC/USDT", "binance:BTC/USDT:USDT", "okx:BTC/USDT:USDT",
    ]  # fmt: skip
    assert [each.id for each in universe.of(pair, ("perp",))] == ["binance:BTC/USDT:USDT", "okx:BTC/USDT:USDT"]


def test_a_venue_says_which_quote_it_prefers(plain):
    listed = [plain.instrument(f"BTC/{quote}", "coinbase") for quote in ("USDT", "USD", "USDC")]
    pair = Universe(listed, QUOTES).resolve("BTC").pair
    assert [each.quote for each in Universe(listed, QUOTES).of(pair)] == ["USDT"]
    assert [each.quote for each in Universe(listed, QUOTES, {"coinbase": ("USD",)}).of(pair)] == ["USD"]


@pytest.mark.parametrize("base", ["PERP", "SWAP"])
def test_coins_that_are_called_like_a_mark(base, plain):
    made = plain.instrument
    coin = made(f"{base}/USDT", "binance", native=f"{base}USDT")
    swap = made(f"{base}/USDT:USDT", "okx", native=f"{base}-USDT-SWAP")
    universe = Universe([coin, swap], {})
    for text in (base, base.lower(), f"{base}USDT", f"{base}/USDT", f"okx:{base}"):
        assert universe.resolve(text).pair == Pair(base, "USDT")
        assert universe.resolve(text).kind is None
    for text in (f"{base}USDT.P", f"{base}-USDT-SWAP", f"{base}/USDT:USDT"):
        assert universe.resolve(text).kind == "perp"
