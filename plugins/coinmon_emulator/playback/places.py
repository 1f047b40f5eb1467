"""Paths of recorded addresses, as the emulated venue is asked for them."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def path_of(url: str, venue: str) -> str:
    """The path of a venue's own address; a recording of the emulator has the venue's name before it."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    if _is_loopback(parts.hostname or "") and (path == f"/{venue}" or path.startswith(f"/{venue}/")):
        path = path[len(venue) + 1 :]
    return path or "/"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
