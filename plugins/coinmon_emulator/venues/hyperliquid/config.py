"""The settings of coinmon's configuration that point it at this venue's emulation."""

from __future__ import annotations


def settings(url: str, sockets: str) -> dict[str, str]:
    return {"url": url, "ws_url": sockets}
