"""The messages and log lines of the older monitor's documents, from signals that are really on, to the character."""

from coinmon.model.events import as_json
from coinmon.model.moment import parse_time
from coinmon.notify.events import signal_event
from coinmon_outputs._lines import line
from coinmon_outputs._writer import Writer
from coinmon_signals.flow.global_sync import global_sync
from coinmon_signals.flow.long_trap import long_trap
from coinmon_signals.flow.us_accumulation import us_accumulation

SEED = """\
### 🚨 全球主力资金监控系统报警

**信号类型**: 全球协同看涨 (Global Sync Bullish)
**信号等级**: A+
**币种**: BTC/USDT
**触发时间**: 2025-12-12 17:00:00

---

**平台资金流向** (过去50分钟):
- 📈 BINANCE: +500k USDT
- 📈 OKX: +200k USDT
- 📈 BYBIT: +100k USDT
- 📈 COINBASE: +50k USDT

**市场共识**: 强力看涨 (全平台净流入)

---

**信号解读**: 主力全平台吸筹，市场做多情绪一致。

🚀 **强烈建议**: 主力全平台建仓，适合追涨或加仓，止损设置在关键支撑位。"""
"""The message of the older monitor's documents, to the character."""


def event_of(signal):
    return as_json(signal_event(signal, "sig-1", parse_time("2025-12-12T17:00:00Z")))


def test_the_message_of_global_sync(scene):
    flows = {"binance": 500_000.0, "okx": 200_000.0, "bybit": 100_000.0, "coinbase": 50_000.0}
    (signal,) = global_sync(scene.market(*(scene.venue(name, flow, 1.4) for name, flow in flows.items())))
    assert Writer("team", "zh", None, None, template="seed").text(event_of(signal)) == SEED


def test_the_log_lines_of_the_three_signals(scene):
    everywhere = [scene.venue(name, 50_000.0, 1.4) for name in ("binance", "okx", "bybit", "coinbase")]
    (sync,) = global_sync(scene.market(*everywhere))
    assert line(event_of(sync)) == (
        "🚨 [BTC/USDT] 信号触发 [A+]: 全球协同看涨 (Global Sync Bullish) - 主力全平台吸筹，市场做多情绪一致。"
    )
    (bought,) = us_accumulation(scene.market(*everywhere[:3], scene.venue("coinbase", 2_000_000.0)))
    assert line(event_of(bought)) == (
        "🚨 [BTC/USDT] 信号触发 [A]: 美资机构吸筹 (US Institutional Accumulation) - Coinbase 领涨，机构资金流入显著。"
    )
    (trap,) = long_trap(scene.market(*everywhere[:3], scene.venue("coinbase", -80_000.0)))
    assert line(event_of(trap)) == (
        "🚨 [BTC/USDT] 信号触发 [C]: 单平台诱多 (Single Platform Long Trap) - "
        "东方交易所买入，西方交易所卖出。警惕诱多。"
    )
