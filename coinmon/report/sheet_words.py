"""Words of pages with charts: what the sheet and the desk say themselves."""

SHEET_WORDS = {
    "zh": {
        "all_venues": "全部交易所", "spot": "现货", "perp": "永续", "candles": "K线", "volume": "成交量",
        "last": "现价",
        "times_in": "时间", "coverage": "覆盖", "theme": "浅色 / 深色", "safe": "色弱配色", "reset": "恢复视图",
        "hidden": "未显示", "hole": "无数据", "covered": "数据覆盖", "price": "价格",
        "keys": "方向键移动，+ 和 - 缩放，0 恢复；"
        "拖动平移，滚轮或双指缩放；按住 Shift 拖动选定区间，Esc 取消", "chart": "图表", "time": "时间",
        "open": "开", "high": "高", "low": "低", "close": "收", "unknown": "未知",
        "profile": "可见区间成交量分布", "profile_chosen": "选定区间成交量分布", "profile_none": "没有逐价成交量",
        "tpo": "可见区间 TPO", "footprint": "足迹图（放大时）", "minutes": "分钟",
    },
    "en": {
        "all_venues": "all venues", "spot": "spot", "perp": "perp", "candles": "candles", "volume": "Volume",
        "last": "last", "times_in": "times", "coverage": "coverage", "theme": "light / dark",
        "safe": "colour-blind colours", "reset": "whole view", "hidden": "hidden", "hole": "no data",
        "covered": "Data coverage", "price": "Price",
        "keys": "arrow keys move, + and - zoom, 0 shows all; drag to pan, wheel or pinch to zoom; "
        "Shift and drag chooses a range for the profile, Esc ends that", "chart": "chart",
        "time": "time", "open": "O", "high": "H", "low": "L", "close": "C", "unknown": "unknown",
        "profile": "Volume profile in sight", "profile_chosen": "Volume profile of the range chosen",
        "profile_none": "no volume at price", "tpo": "TPO in sight", "footprint": "Footprint when zoomed in",
        "minutes": "min",
    },
}  # fmt: skip
