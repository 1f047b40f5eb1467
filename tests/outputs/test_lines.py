"""The lines that users of the older monitor know, to the character."""

import pytest

from coinmon import Bilingual
from coinmon_outputs._lines import amount, line, price, thousands

FULL = {"ratio": 1.2, "coverage": 1.0, "listed": True}


def flow(pair, consensus, total=None, reason=None, currency="USDT", **venues):
    shown = {name: each if isinstance(each, dict) else {"net_flow": each, **FULL} for name, each in venues.items()}
    return {
        "event": "flow", "time": "2025-12-12T17:00:29Z", "pair": pair, "price": 1.0, "currency": currency,
        "venues": shown, "total": total, "consensus": consensus, "consensus_reason": reason, "coverage": 1.0,
    }  # fmt: skip


SIGNAL = {
    "event": "signal", "id": "s1", "time": "2025-12-12T17:00:30Z", "pair": "HBAR/USDT", "signal": "long_trap",
    "grade": "C", "direction": "bearish", "advice": None, "evidence": {},
    "title": {"zh": "单平台诱多", "en": "Single Platform Long Trap"},
    "reading": {"zh": "东方交易所买入，西方交易所卖出。警惕诱多。", "en": "The East buys, the West sells."},
}  # fmt: skip


def whale(pair, venue, side, quote, price, **more):
    return {
        "event": "whale", "time": "2025-12-12T17:00:30Z", "pair": pair, "venue": venue, "side": side, "quote": quote,
        "price": price, "base": quote / price, "trade_id": 1, "id": "w1", "instrument": f"{venue}:{pair}", **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (
            flow("ADA/USDT", "strong_bear", binance=-97e3, okx=-40e3, bybit=-17e3, coinbase=-14e3),
            "💰 ADA/USDT | 共识: 强力看跌 | BIN:-97k | OKX:-40k | BYB:-17k | COI:-14k",
        ),
        (
            flow("BTC/USDT", "strong_bull", binance=5e5, okx=2e5, bybit=1e5, coinbase=5e4),
            "💰 BTC/USDT | 共识: 强力看涨 | BIN:+500k | OKX:+200k | BYB:+100k | COI:+50k",
        ),
        (flow("ETH/USDT", "lean_bull", total=52.3e6), "💰 ETH/USDT | 共识: 倾向看涨 (总净流入: $52.3M)"),
        (flow("SOL/USDT", "lean_bear", total=-51.2e6), "💰 SOL/USDT | 共识: 倾向看跌 (总净流出: $51.2M)"),
        (
            flow("LINK/USDT", "mixed", binance=1e5, okx=-8e4, bybit=5e4, coinbase=-2e4),
            "💰 LINK/USDT | 共识: 震荡/分歧 | BIN:+100k | OKX:-80k | BYB:+50k | COI:-20k",
        ),
        (
            flow("ETH/USDT", "mixed", binance=-2_021_400.0, okx=81_000.0, bybit=420.0, coinbase=-14e3),
            "💰 ETH/USDT | 共识: 震荡/分歧 | BIN:-2021k | OKX:+81k | BYB:0k | COI:-14k",
        ),
        (
            SIGNAL,
            "🚨 [HBAR/USDT] 信号触发 [C]: 单平台诱多 (Single Platform Long Trap) - "
            "东方交易所买入，西方交易所卖出。警惕诱多。",
        ),
        (
            whale("BTC/USDT", "binance", "buy", 523_450.0, 42_150.0),
            "🐳 [BTC/USDT] 巨鲸监测 [BINANCE]: 买入 $523,450 @ 42,150",
        ),
        (
            whale("ETH/USDT", "coinbase", "sell", 1.25e6, 2280.0),
            "🐳 [ETH/USDT] 巨鲸监测 [COINBASE]: 卖出 $1,250,000 @ 2,280",
        ),
        (whale("SOL/USDT", "okx", "buy", 305_820.0, 98.5), "🐳 [SOL/USDT] 巨鲸监测 [OKX]: 买入 $305,820 @ 98.5"),
        ({"event": "scan_started", "pairs": 559, "cycle": 1}, "=== 开始新一轮扫描 (559 币种) ==="),
        (
            {"event": "scan_finished", "seconds": 15.24, "signals": 2, "whales": 1, "coverage": 0.999},
            "=== 扫描完成: 15.2 秒, 2 个信号, 1 笔巨鲸, 覆盖 99% ===",
        ),
        (
            {"event": "venue", "venue": "bybit", "status": "blocked", "error": "HTTP 451"},
            "⚠️ [BYBIT] 拒绝本机访问: HTTP 451",
        ),
        ({"event": "venue", "venue": "bybit", "status": "ok", "error": None}, "✅ [BYBIT] 恢复正常"),
    ],
)  # fmt: skip
def test_chinese_lines(event, shown):
    assert line(event, "zh") == shown


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (
            flow("ADA/USDT", "strong_bear", binance=-97e3, okx=-40e3, bybit=-17e3, coinbase=-14e3),
            "💰 ADA/USDT | consensus: strong bearish | BIN:-97k | OKX:-40k | BYB:-17k | COI:-14k",
        ),
        (
            flow("ETH/EUR", "lean_bull", total=52.3e6, currency="EUR", binance=52.3e6),
            "💰 ETH/EUR | consensus: leaning bullish (total net inflow: 52.3M EUR) | BIN:+52300k",
        ),
        (SIGNAL, "🚨 [HBAR/USDT] signal [C]: Single Platform Long Trap - The East buys, the West sells."),
        (
            whale("BTC/USDT", "okx", "sell", 523_450.0, 42_150.0, instrument="okx:BTC/USDT:USDT"),
            "🐳 [BTC/USDT] whale [OKX perp]: sells $523,450 @ 42,150",
        ),
        ({"event": "scan_started", "pairs": 3}, "=== new scan (3 pairs) ==="),
        (
            {"event": "scan_finished", "seconds": 1.0, "signals": 0, "whales": 0, "coverage": None},
            "=== scan finished: 1.0 s, 0 signals, 0 whales, coverage - ===",
        ),
        ({"event": "venue", "venue": "okx", "status": "down", "error": "timeout"}, "⚠️ [OKX] is down: timeout"),
    ],
)
def test_english_lines(event, shown):
    assert line(event, "en") == shown


@pytest.mark.parametrize(
    ("lang", "shown"),
    [
        ("zh", "覆盖 50%, 内存 240 MB, 队列 0, 重连 2, 预热 12, 预热失败 1 ==="),
        ("en", "coverage 50%, memory 240 MB, queue 0, reconnects 2, warming 12, not warmed 1 ==="),
    ],
)
def test_how_the_monitor_itself_is(lang, shown):
    warming = {"instruments": 12, "failed": {"okx:BTC/USDT": "timeout"}}
    health = {"rss_mb": 240.2, "lag_ms": None, "queue": {"events": 0, "gaps": 0}, "reconnects": 2, "warming": warming}
    event = {"event": "scan_finished", "seconds": 1.0, "signals": 0, "whales": 0, "coverage": 0.5, "health": health}
    assert line(event, lang).endswith(shown)


def test_an_unknown_or_short_flow_is_never_a_zero():
    event = flow(
        "BTC/USDT", None, reason="waits for bybit 12/50",
        binance=5e5,
        okx={"net_flow": None, "ratio": None, "coverage": 0.0, "listed": True},
        bybit={"net_flow": 0.0, "ratio": None, "coverage": 0.24, "listed": True, "complete": 12, "minutes": 50},
        coinbase={"net_flow": None, "ratio": None, "coverage": None, "listed": None},
        kraken={"net_flow": None, "ratio": None, "coverage": None, "listed": False},
    )  # fmt: skip
    assert line(event) == (
        "💰 BTC/USDT | 共识: 待定 (waits for bybit 12/50) | BIN:+500k | OKX:- | BYB:12/50 | COI:- | KRA:-"
    )


def test_a_flow_counts_as_covered_from_the_share_asked_for():
    event = flow("A/USDT", "mixed", okx={"net_flow": 2e3, "ratio": 1.0, "coverage": 0.94, "listed": True})
    assert line(event).endswith("OKX:94%")
    assert line(event, min_coverage=0.94).endswith("OKX:+2k")


@pytest.mark.parametrize("kind", ["delivery", "something new", None])
def test_other_events_have_no_line(kind):
    assert line({"event": kind}) is None


def test_numbers():
    assert [thousands(value) for value in (499.0, -499.0, 501.0, None, 0.0)] == ["0k", "0k", "+1k", "-", "0k"]
    assert amount(523_450.4, "USDC") == "$523,450"
    assert amount(12.0, "BTC") == "12 BTC"
    assert [price(value) for value in (0.00001234, 61_602.02, None)] == ["0.00001234", "61,602.02", "-"]


def test_why_there_is_no_consensus_is_in_the_readers_language():
    event = flow("ADA/USDT", None, reason=Bilingual("等待 okx 预热 5/50 分钟", "waits for okx warming 5/50"), okx=None)
    assert "共识: 待定 (等待 okx 预热 5/50 分钟)" in line(event)
    assert "consensus: unknown (waits for okx warming 5/50)" in line(event, "en")
