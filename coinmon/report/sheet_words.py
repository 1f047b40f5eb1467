"""Words of pages with charts: what the sheet and the desk say themselves."""

SHEET_WORDS = {
    "zh": {
        "all_venues": "全部交易所", "spot": "现货", "perp": "永续", "candles": "K线", "volume": "成交量",
        "last": "现价",
        "times_in": "时间", "coverage": "覆盖", "theme": "浅色 / 深色", "safe": "色弱配色", "reset": "恢复视图",
        "hidden": "未显示", "hole": "无数据", "covered": "数据覆盖", "price": "价格",
        "keys": "方向键移动，+ 和 - 缩放，0 恢复；拖动平移，滚轮或双指缩放", "chart": "图表", "time": "时间",
        "open": "开", "high": "高", "low": "低", "close": "收", "unknown": "未知",
    },
    "en": {
        "all_venues": "all venues", "spot": "spot", "perp": "perp", "candles": "candles", "volume": "Volume",
        "last": "last", "times_in": "times", "coverage": "coverage", "theme": "light / dark",
        "safe": "colour-blind colours", "reset": "whole view", "hidden": "hidden", "hole": "no data",
        "covered": "Data coverage", "price": "Price",
        "keys": "arrow keys move, + and - zoom, 0 shows all; drag to pan, wheel or pinch to zoom", "chart": "chart",
        "time": "time", "open": "O", "high": "H", "low": "L", "close": "C", "unknown": "unknown",
    },
}  # fmt: skip
