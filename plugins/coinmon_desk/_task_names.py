"""Names of background tasks as a Chinese page says them; in English they are what their owners call them."""

_CHINESE = {
    "alerts of before": "此前的信号",
    "clock": "时钟",
    "comparison with tickers": "与行情快照比对",
    "end of the recording": "录制结束",
    "first day": "首日历史",
    "lease of the scan": "扫描租约",
    "lists of the venues": "交易所交易对列表",
    "new editions": "数据更新",
    "news of the desk": "看板推送",
    "open interest and funding": "持仓量与资金费率",
    "order books": "订单簿采样",
    "order books asked for": "订单簿查询",
    "recording": "录制",
    "retention": "清理旧数据",
    "rows of the desk": "看板行",
    "scan": "扫描",
    "scan of this server": "本服务器的扫描",
    "scorecard": "信号战绩",
    "stall detector": "静默检测",
    "state of the desk": "看板状态",
    "stream of perp order books": "永续订单簿行情流",
    "stream of spot order books": "现货订单簿行情流",
    "stream repair": "补齐行情流缺口",
    "trade stream of perp": "永续成交行情流",
    "trade stream of spot": "现货成交行情流",
    "warm-up": "预热",
}
_OF = {"passing events on to ": "事件转发：", "sender of ": "消息发送："}
"""What is said before the name of an output."""


def task_name(name: str, lang: str) -> str:
    """In the page's language; one that is not known stays as it is."""
    if lang == "en":
        return name
    for english, chinese in _OF.items():
        if name.startswith(english):
            return chinese + name.removeprefix(english)
    # a venue's: its name stands before
    venue, colon, work = name.rpartition(": ")
    return f"{venue}{colon}{_CHINESE.get(work, work)}"
