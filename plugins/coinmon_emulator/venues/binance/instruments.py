"""Binance's exchangeInfo, spot and USD-M."""

from __future__ import annotations

from typing import Any

from coinmon_emulator.market.decimals import fixed
from coinmon_emulator.market.market import Listed, MarketKind
from coinmon_emulator.market.view import WorldNow
from coinmon_emulator.server.reply import Query, Reply
from coinmon_emulator.venues.binance.query import named, several

PERPETUAL_DELIVERY = 4_133_404_800_000


def exchange_info(view: WorldNow, kind: MarketKind, query: Query) -> Reply:
    chosen = [named(view, kind, query["symbol"])] if query.get("symbol") else several(view, kind, query)
    listed = view.listed("binance", kind) if chosen is None else chosen
    weight, symbol = (6000, _spot) if kind == "spot" else (2400, _perpetual)
    limits = [{"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": weight}]
    if kind == "spot":
        limits.append({"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE", "intervalNum": 5, "limit": 61_000})
    body: dict[str, Any] = {
        "timezone": "UTC",
        "serverTime": view.server_time,
        "rateLimits": limits,
        "exchangeFilters": [],
        "symbols": [one.said(symbol(one, view.now), view.now) for one in listed],
    }
    if kind == "perp":
        quotes = sorted({one.quote for one in listed})
        body |= {
            "futuresType": "U_MARGINED",
            "assets": [{"asset": quote, "marginAvailable": True, "autoAssetExchange": "-10000"} for quote in quotes],
        }
    return Reply(body)


def _spot(one: Listed, now: int) -> dict[str, Any]:
    tick = fixed(one.as_of("tick", now), one.price_digits, 8)
    step = fixed(one.lot, one.size_digits, 8)
    return {
        "symbol": one.native,
        "status": "TRADING",
        "baseAsset": one.base,
        "baseAssetPrecision": 8,
        "quoteAsset": one.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"],
        "icebergAllowed": True,
        "ocoAllowed": True,
        "otoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": True,
        "cancelReplaceAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": True,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "1000000.00000000", "tickSize": tick},
            {"filterType": "LOT_SIZE", "minQty": step, "maxQty": "9000000.00000000", "stepSize": step},
            {"filterType": "ICEBERG_PARTS", "limit": 10},
            {
                "filterType": "MARKET_LOT_SIZE",
                "minQty": "0.00000000",
                "maxQty": "128.52621715",
                "stepSize": "0.00000000",
            },
            {
                "filterType": "NOTIONAL",
                "minNotional": "5.00000000",
                "applyMinToMarket": True,
                "maxNotional": "9000000.00000000",
                "applyMaxToMarket": False,
                "avgPriceMins": 5,
            },
            {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
            {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
        ],
        "permissions": [],
        "permissionSets": [["SPOT", "MARGIN"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
    }


def _perpetual(one: Listed, now: int) -> dict[str, Any]:
    tick = fixed(one.as_of("tick", now), one.price_digits, one.price_text)
    step = fixed(one.lot, one.size_digits, one.size_text)
    return {
        "symbol": one.native,
        "pair": one.native,
        "contractType": "PERPETUAL",
        "deliveryDate": PERPETUAL_DELIVERY,
        "onboardDate": one.listed_ms,
        "status": "TRADING",
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": one.base,
        "quoteAsset": one.quote,
        "marginAsset": one.quote,
        "pricePrecision": one.price_text,
        "quantityPrecision": one.size_text,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": ["PoW"] if one.base == "BTC" else ["Layer-1"],
        "settlePlan": 0,
        "triggerProtect": "0.0500",
        "liquidationFee": "0.012500",
        "marketTakeBound": "0.05",
        "maxMoveOrderLimit": 10_000,
        "filters": [
            {"filterType": "PRICE_FILTER", "tickSize": tick, "minPrice": tick, "maxPrice": "4529764"},
            {"filterType": "LOT_SIZE", "stepSize": step, "minQty": step, "maxQty": "1000000"},
            {"filterType": "MARKET_LOT_SIZE", "stepSize": step, "minQty": step, "maxQty": "120"},
            {"filterType": "MAX_NUM_ORDERS", "limit": 200},
            {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": 10},
            {"filterType": "MIN_NOTIONAL", "notional": "5"},
            {
                "filterType": "PERCENT_PRICE",
                "multiplierUp": "1.0500",
                "multiplierDown": "0.9500",
                "multiplierDecimal": "4",
            },
        ],
        "orderTypes": ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    }
