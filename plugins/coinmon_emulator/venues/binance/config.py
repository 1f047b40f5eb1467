"""The settings of coinmon's configuration that point it at this venue's emulation."""

from __future__ import annotations


def settings(url: str, sockets: str) -> dict[str, str]:
    return {
        "spot_url": url,
        "futures_url": url,
        "spot_ws_url": sockets,
        "usdm_ws_url": sockets,
        "archive_url": f"{url}/archive",
    }
