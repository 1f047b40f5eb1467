"""Everything that people type, and what they get when it is nothing."""

import pytest

from coinmon.errors import ConfigError
from coinmon.model.instrument import Pair
from coinmon.model.multiples import multiple_of
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
    ("text", "pair"), [("ETHBTC", "ETH/BTC"), ("eth-btc", "ETH/BTC"), ("1000pepeusdt.p", "PEPE/USDT")]
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


@pytest.mark.parametrize(
    ("text", "pair", "kind"),
    [
        ("PERP", "PERP/USDT", None), ("perpusdt", "PERP/USDT", None), ("SWAP", "SWAP/USDT", None),
        ("PERP-PERP", "PERP/USDT", "perp"), ("SWAP-USDT-SWAP", "SWAP/USDT", "perp"),
        ("PERPUSDT.P", "PERP/USDT", "perp"),
        ("BTC-PERP", "BTC/USDT", "perp"), ("币安人生USDT", "币安人生/USDT", None),
        ("币安人生/usdt:usdt", "币安人生/USDT", "perp"),
    ],
)  # fmt: skip
def test_coins_whose_names_are_marks_or_chinese(plain, text, pair, kind):
    symbols = [f"{coin}/USDT{end}" for coin in ("PERP", "SWAP", "BTC", "币安人生") for end in ("", ":USDT")]
    wanted = Universe([plain.instrument(each, "binance") for each in symbols], QUOTES).resolve(text)
    assert (str(wanted.pair), wanted.kind) == (pair, kind)


def test_a_market_named_in_full_is_that_market(plain):
    markets = [plain.instrument(each, "bybit") for each in ("UNI/USDT", "UNI/USDC", "UNI/USDT:USDT")]
    universe = Universe([*markets, plain.instrument("UNI/USD", "coinbase")], QUOTES)
    for text in ("bybit:UNI/USDC", "bybit:uniusdc"):
        assert [each.id for each in universe.meant(universe.resolve(text))] == ["bybit:UNI/USDC"]
    everywhere = ["bybit:UNI/USDT", "coinbase:UNI/USD", "bybit:UNI/USDT:USDT"]
    assert [each.id for each in universe.meant(universe.resolve("UNIUSDT"))] == everywhere
    universe.choose([universe.resolve("bybit:UNI/USDC")])
    pair = universe.resolve("UNI").pair
    assert [each.id for each in universe.of(pair, ("spot",))] == ["bybit:UNI/USDC", "coinbase:UNI/USD"]


def test_what_was_chosen_elsewhere_stays_when_a_market_is_named_in_full(plain):
    pairs = [f"UNI/{quote}" for quote in ("USDT", "USDC")]
    listed = [plain.instrument(each, venue) for venue in ("binance", "bybit", "okx") for each in pairs]
    universe = Universe(listed, QUOTES, chosen=["binance:UNI/USDC", "bybit:UNI/USDT", "okx:UNI/USDC"])
    universe.choose([universe.resolve("bybit:UNI/USDC")])
    pair = universe.resolve("UNI").pair
    assert [each.id for each in universe.of(pair)] == ["binance:UNI/USDC", "bybit:UNI/USDC", "okx:UNI/USDC"]


@pytest.mark.parametrize(
    ("base", "found"),
    [
        ("1000PEPE", (1000, "PEPE")), ("10000NFT", (10_000, "NFT")), ("1000000MOG", (1_000_000, "MOG")),
        ("1MBABYDOGE", (1_000_000, "BABYDOGE")), ("kPEPE", (1000, "PEPE")), ("1INCH", (1, "1INCH")),
        ("KSM", (1, "KSM")), ("1000X", (1, "1000X")), ("BTC", (1, "BTC")), ("100", (1, "100")),
    ],
)  # fmt: skip
def test_markets_in_thousands_of_a_coin(base, found):
    assert multiple_of(base) == found


def test_a_coin_and_its_thousands_are_one_pair_and_the_coins_own_market_comes_first(plain):
    made = plain.instrument
    universe = Universe(
        [made("PEPE/USDT", "binance"), made("1000PEPE/USDT:USDT", "binance"), made("PEPE/USDT:USDT", "okx"),
         made("1000PEPE/USDT:USDT", "okx"), made("kPEPE/USDC:USDC", "hyper")], QUOTES,
    )  # fmt: skip
    pairs = {universe.resolve(each).pair for each in ("PEPEUSDT", "1000PEPEUSDT", "pepe", "1000pepe", "kpepeusdc")}
    (pair,) = pairs
    assert str(pair) == "PEPE/USDT"
    assert [each.id for each in universe.of(pair)] == [
        "binance:PEPE/USDT", "binance:1000PEPE/USDT:USDT", "hyper:kPEPE/USDC:USDC", "okx:PEPE/USDT:USDT",
    ]  # fmt: skip
