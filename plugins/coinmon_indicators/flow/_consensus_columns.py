"""`consensus` at every moment of a frame at once."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from coinmon.indicator import Frame, Lane, LazyFigures, rolling
from coinmon_indicators.flow import _net_flow_columns

NEAR = 1e-7
"""Relative: a flow as near to its threshold as this is told by the indicator itself."""


def columns(
    frame: Frame, *, mode: str, venue_threshold: float, total_threshold: float, min_zscore: float, min_coverage: float,
    min_venues: int,
) -> Mapping[str, Any]:  # fmt: skip
    """verdict, total and each venue's figures as `venues[binance].net_flow`; where no venue lists the pair: nothing.

    unsure: moments at which a flow is too near to a threshold to call.
    """
    settings = frame.settings("net_flow")
    window = settings["window"]
    lanes = {name: lane for name, lane in frame.lanes("spot").items() if name in frame.venues}
    if not lanes:
        return {"coverage": np.zeros(frame.count)}
    flows = {name: _flow(lane, settings) for name, lane in lanes.items()}
    complete = np.logical_and.reduce([lane.bars(window).has_flow for lane in lanes.values()])
    comparable = {
        name: np.isfinite(each["net_flow"]) & (each["coverage"] >= min_coverage) for name, each in flows.items()
    }
    judged = np.logical_and.reduce(list(comparable.values())) & (len(lanes) >= min_venues)
    net = np.stack([each["net_flow"] for each in flows.values()])
    scale = np.stack([each["buy_volume"] + each["sell_volume"] for each in flows.values()])
    total = np.where(judged, net.sum(axis=0), np.nan)
    if mode == "absolute":
        verdict, unsure = _in_money(net, scale, venue_threshold, total_threshold)
    else:
        scores = np.stack([each["zscore"] for each in flows.values()])
        verdict, unsure = _in_deviations(net, scores, scale, min_zscore)
        judged = judged & np.isfinite(scores).all(axis=0)
    found: dict[str, Any] = {
        "coverage": rolling(complete, window) / window,
        "verdict": np.where(judged, verdict, None), "total": total, "unsure": unsure & judged,
    }  # fmt: skip
    for name, each in flows.items():
        for field in ("net_flow", "net_flow_pct", "buy_sell_ratio", *(("zscore",) if mode == "relative" else ())):
            found[f"venues[{name}].{field}"] = each[field]
        found[f"venues[{name}].coverage"] = each["coverage"]
        found[f"venues[{name}].comparable"] = comparable[name].astype(float)
    return found


def _flow(lane: Lane, settings: Mapping[str, Any]) -> LazyFigures:
    return lane.once(("net_flow", tuple(sorted(settings.items()))), lambda: _net_flow_columns.columns(lane, **settings))


def _in_money(net: Any, scale: Any, each: float, most: float) -> tuple[Any, Any]:
    with np.errstate(invalid="ignore"):
        low, high, whole = net.min(axis=0), net.max(axis=0), net.sum(axis=0)
        near = (np.abs(np.abs(net) - each) <= NEAR * (scale + each)).any(axis=0)
        near |= np.abs(np.abs(whole) - most) <= NEAR * (scale.sum(axis=0) + most)
        cases = [low > each, high < -each, whole > most, whole < -most]
    return _chosen(cases), near


def _in_deviations(net: Any, scores: Any, scale: Any, least: float) -> tuple[Any, Any]:
    with np.errstate(invalid="ignore"):
        whole, mean = net.sum(axis=0), scores.mean(axis=0)
        near = (np.abs(net) <= NEAR * scale).any(axis=0) | (np.abs(whole) <= NEAR * scale.sum(axis=0))
        near |= (np.abs(np.abs(scores) - least) <= NEAR * (1 + least)).any(axis=0)
        near |= np.abs(np.abs(mean) - least) <= NEAR * (1 + least)
        cases = [
            (net.min(axis=0) > 0) & (scores.min(axis=0) >= least),
            (net.max(axis=0) < 0) & (scores.max(axis=0) <= -least),
            (whole > 0) & (mean >= least),
            (whole < 0) & (mean <= -least),
        ]
    return _chosen(cases), near


def _chosen(cases: list[Any]) -> Any:
    words = np.array(["strong_bull", "strong_bear", "lean_bull", "lean_bear", "mixed"], object)
    return words[np.select(cases, list(range(4)), 4)]
