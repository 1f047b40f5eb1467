"""What the interactive table says itself."""

TABLE_WORDS = {
    "zh": {
        "reading": "读取行情 {} / {}", "next": "{} 秒后扫描", "scanning": "正在扫描", "pairs": "{} 个交易对",
        "shown": "{} / {} 个交易对", "sorted": "按 {} {}", "filter": "筛选交易对，例如 BTC", "open": "打开详情",
        "sort": "排序", "reverse": "反序", "search": "筛选", "log": "日志", "quit": "退出", "back": "返回",
        "loading": "正在计算 {}", "down": "无法访问", "degraded": "数据不全", "blocked": "拒绝本机访问",
        "nothing": "等待第一次扫描", "columns": "列", "silent": "尚无信号", "unlisted": "；· 未上市",
        "utc": "UTC；* 未全部看到；- 未知",
    },
    "en": {
        "reading": "reading instruments {} / {}", "next": "next scan in {} s", "scanning": "scanning",
        "pairs": "{} pairs", "shown": "{} of {} pairs", "sorted": "by {} {}", "filter": "filter pairs, such as BTC",
        "open": "open", "sort": "sort", "reverse": "reverse", "search": "filter", "log": "log",
        "quit": "quit", "back": "back", "loading": "computing {}", "down": "is down", "degraded": "is degraded",
        "blocked": "refuses this network", "nothing": "waiting for the first scan", "columns": "columns",
        "silent": "no signal yet", "unlisted": "; · not listed", "utc": "UTC; * not all seen; - unknown",
    },
}  # fmt: skip
