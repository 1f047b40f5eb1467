"""Which proxy a venue is reached through."""

import ipaddress
import os
from urllib.parse import quote, unquote, urlsplit

from coinmon.exchange import ConfigError

_SCHEMES = ("http", "https", "socks5", "socks5h")


def checked(proxy: str, where: str) -> str:
    """The proxy URL itself if it is one; ConfigError names `where` it was set and hides any password."""
    expected = f"expected one like {', '.join(f'{scheme}://host:port' for scheme in _SCHEMES)}"
    try:
        parts = urlsplit(proxy)
        port = parts.port
    except ValueError:
        raise ConfigError(f"{where}: not a proxy URL; {expected}") from None
    if parts.scheme.lower() not in _SCHEMES or not parts.hostname:
        raise ConfigError(f"{where}: {hidden(proxy)!r} is not a proxy URL; {expected}")
    if port is None and parts.scheme.lower().startswith("socks"):
        raise ConfigError(f"{where}: {hidden(proxy)!r} has no port; {expected}")
    if parts.scheme.lower().startswith("socks") and not unquote(f"{parts.username}{parts.password}").isascii():
        text = "the proxy's user or password has letters beyond ASCII, which go through an http proxy only"
        raise ConfigError(f"{where}: {text}")
    return proxy


def hidden(proxy: str) -> str:
    """The URL without user and password."""
    scheme, mark, rest = proxy.rpartition("://")
    return f"{scheme}{mark}{'***@' if '@' in rest else ''}{rest.rpartition('@')[2]}"


def proxy_for(url: str, setting: str | None) -> str | None:
    """The proxy for a venue's base URL: the setting, else HTTPS_PROXY, HTTP_PROXY, ALL_PROXY; never for loopback."""
    # urllib.request takes 15 ms to import
    from urllib.request import getproxies_environment, proxy_bypass

    parts = urlsplit(url)
    host = parts.hostname or ""
    if _is_loopback(host):
        return None
    if setting:
        return sendable(setting)
    proxies = getproxies_environment()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(host):
        return None
    # curl and requests take a bare host:port as an http proxy, so people write it
    return sendable(checked(proxy if "://" in proxy else f"http://{proxy}", _variable(parts.scheme)))


def sendable(proxy: str) -> str:
    """The URL with user and password in such a way that the HTTP client sends them in UTF-8.

    It encodes them in Latin-1, which most of the world's letters are not in: so it is given the Latin-1 letters that
    the UTF-8 bytes would be.
    """
    parts = urlsplit(proxy)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    try:
        f"{user}{password}".encode("latin-1")
    except UnicodeEncodeError:
        user, password = (quote(each.encode().decode("latin-1"), safe="") for each in (user, password))
        place = parts.netloc.rpartition("@")[2]
        return parts._replace(netloc=f"{user}:{password}@{place}").geturl()
    return proxy


def _variable(scheme: str) -> str:
    names = (f"{scheme}_proxy", "all_proxy")
    return next((name for name in os.environ if name.lower() in names), names[0])


def ccxt_settings(proxy: str | None) -> dict[str, str]:
    """ccxt's names for it, REST and websocket; ccxt refuses to work when more than one of a kind is set."""
    if proxy is None:
        return {}
    if proxy.lower().startswith("socks"):
        return {"socksProxy": proxy, "wsSocksProxy": proxy}
    return {"httpsProxy": proxy, "wssProxy": proxy}


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
