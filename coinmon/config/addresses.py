"""Addresses in the configuration: proxies, databases, web addresses."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from coinmon.secrets import redacted, remember_url

PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")


_HOST_PORT = re.compile(r"^(?:\[[^\]]*\]|[^:/?]*):([^/?]+)")


def proxy_url(value: Any) -> str | None:
    """A proxy's URL. Raises ValueError, without its password, for what is not one."""
    if value is None or value == "":
        return None
    expected = f"expected {'://, '.join(PROXY_SCHEMES)}://host:port"
    remember_url(str(value))
    _refuse_unquoted(str(value))
    problem = ""
    try:
        url = urlsplit(str(value))
        if url.scheme in PROXY_SCHEMES and url.hostname and url.port != 0:
            if url.scheme.startswith("socks") and not unquote(f"{url.username}{url.password}").isascii():
                problem = "its user or password has letters beyond ASCII, which go through an http proxy only"
            else:
                return str(value)
    except ValueError:
        pass
    if problem:
        raise ValueError(problem)
    raise ValueError(f"{redacted(str(value))!r} is not a proxy; {expected}")


def _refuse_unquoted(url: str) -> None:
    """Raises ValueError where a user or password holds what ends a host in a URL, without showing it."""
    rest = url.partition("://")[2]
    before, at, _ = rest.rpartition("@")
    if at and (wrong := sorted(set(before) & set("/?#\\"))):
        shown = " ".join(f"{char!r} as %{ord(char):02X}" for char in wrong)
        raise ValueError(f"its user or password holds what a URL has to spell out: write {shown}")


def database_url(value: Any) -> str:
    """A SQLAlchemy URL; a plain path is SQLite's file."""
    text = str(value).strip()
    remember_url(text)
    if "://" not in text:
        if not text or not isinstance(value, str):
            raise ValueError("expected sqlite:///FILE, postgresql://USER@HOST/NAME, or the path of a file")
        return "sqlite://" if text == ":memory:" else f"sqlite:///{Path(text).expanduser()}"
    scheme = text.split("://")[0].split("+")[0]
    if scheme not in ("sqlite", "postgresql"):
        hint = " (did you mean postgresql://?)" if scheme.startswith("pos") else ""
        raise ValueError(f"{scheme}:// is not a database that coinmon knows{hint}; sqlite:///FILE or postgresql://")
    port = _HOST_PORT.search(text.partition("://")[2].rpartition("@")[2]) if scheme == "postgresql" else None
    if port and not (port[1].isascii() and port[1].isdigit() and 0 < int(port[1]) < 65536):
        raise ValueError("the port of a database is a number up to 65535, as in HOST:5432")
    return text


def http_url(value: Any) -> str | None:
    if value is None or value == "":
        return None
    return address(str(value), ("http", "https"))


def of_setting(key: str, value: str, usual: Any) -> str | None:
    """A plugin's `proxy`, and its `url` or `..._url`, of the family of its usual one; other settings as they are.

    Raises ValueError, without a password, for what is no address.
    """
    if key == "proxy":
        return proxy_url(value)
    if not (value or usual) or not (key == "url" or key.endswith("_url")):
        return value
    scheme = str(usual).partition("://")[0] if "://" in str(usual) else ""
    # a socket is opened by HTTP, so either name of it is right
    families = ("http", "https"), ("ws", "wss", "http", "https")
    family = next((each for each in families if scheme in each), (scheme,) if scheme else ())
    return address(value, family)


def address(value: str, schemes: tuple[str, ...]) -> str:
    remember_url(value)
    try:
        url = urlsplit(value.strip())
        # reading the port says whether it is one
        if (url.scheme in schemes or (url.scheme and not schemes)) and url.hostname and url.port != 0:
            return value
    except ValueError:
        pass
    raise ValueError(f"{redacted(value)!r} is not an address; write {(*schemes, 'http')[0]}://host:port")
