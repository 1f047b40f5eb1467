"""Posting to a group robot: it answers HTTP 200 whatever happened, so success is its error code and nothing else."""

import hashlib
import json
import logging
import ssl
from collections.abc import Collection, Mapping
from functools import cache
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from coinmon.output import DeliveryRefused, DeliveryRetry, DeliverySplit, DeliveryThrottled

THROTTLED = (60.0, 600.0)
"""Seconds to wait when told that it was too fast: the first time, and from then on."""

_BUSY = -1
_LEAST_FIT = 1 / 16


def _address(webhook: SecretStr) -> SecretStr:
    try:
        url = urlsplit(webhook.get_secret_value())
        known = url.scheme in ("http", "https") and url.hostname
    except ValueError:
        known = None
    if not known:
        raise ValueError("expected the robot's whole address, https://...")
    return webhook


Webhook = Annotated[SecretStr, AfterValidator(_address)]
Rule = Literal["A+", "A", "B+", "B", "C", "consensus", "whale"]
AtAll = Annotated[
    bool | tuple[Rule, ...],
    Field(description="page everyone for these grades, `consensus` or `whale`; true: A+, A and consensus"),
]


def rules(at_all: bool | tuple[Rule, ...]) -> tuple[Rule, ...]:
    return (("A+", "A", "consensus") if at_all else ()) if isinstance(at_all, bool) else at_all


class Robot:
    """One robot, and what its codes mean.

    throttled, too_long: codes for too many messages and for one too long. cures: what to do about a refusal, by code,
    or by words of its text. secrets: never let through in a complaint. code, text: the answer's keys.
    """

    def __init__(
        self,
        name: str,
        *,
        throttled: Collection[int],
        too_long: Collection[int] = (),
        cures: Mapping[int | str, str],
        secrets: Collection[str],
        proxy: str | None,
        timeout: float,
        code: str = "errcode",
        text: str = "errmsg",
    ) -> None:
        self.fit = 1.0
        """The share of the usual room in a message that it is known to take."""
        self._name, self._proxy, self._timeout = name, proxy, timeout
        self._throttled, self._too_long, self._cures = throttled, too_long, cures
        self._secrets = sorted(filter(None, secrets), key=len)[::-1]
        self._code, self._text = code, text
        self._refusals = 0

    async def post(self, url: str, body: Mapping[str, Any]) -> None:
        """Send, or raise one of the delivery errors, none of which names the address."""
        content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        headers = {"Content-Type": "application/json; charset=utf-8"}
        status, after, answer = await post(self._name, url, content, headers, self._proxy, self._timeout)
        if status == 429:
            raise DeliveryThrottled(f"{self._name}: HTTP 429", after or THROTTLED[0])
        if status != 200:
            raise DeliveryRetry(f"{self._name}: HTTP {status}", after)
        try:
            known = json.loads(answer)
        except ValueError:
            known = None
        if not isinstance(known, dict):
            raise DeliveryRetry(f"{self._name}: the answer is not the robot's (no JSON object)")
        self._judge(known)

    def _judge(self, answer: Mapping[str, Any]) -> None:
        code, text = answer.get(self._code), self._clean(str(answer.get(self._text, "")))
        if code == 0:
            self._refusals = 0
            return
        if code in self._throttled or (code is None and answer.get("punish")):
            wait = THROTTLED[min(self._refusals, 1)]
            self._refusals += 1
            raise DeliveryThrottled(f"{self._name}: too many messages, says the robot ({code or 'deny'} {text})", wait)
        if code == _BUSY:
            raise DeliveryRetry(f"{self._name}: the robot is busy ({text})", 30.0)
        if code is None:
            raise DeliveryRetry(f"{self._name}: the answer is not the robot's (no {self._code})")
        if code in self._too_long and self.fit > _LEAST_FIT:
            self.fit /= 2
            raise DeliverySplit(f"{self._name}: too long, says the robot ({code} {text}); it is cut finer")
        words = [cure for key, cure in self._cures.items() if isinstance(key, str) and key in text.lower()]
        cure = words[0] if words else self._cures.get(code, "see the robot's settings")
        raise DeliveryRefused(f"{self._name}: refused with {code} {text}: {cure}")

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return " ".join(text.split())[:200]


def identity(url: str) -> str:
    """What tells a robot from others, and tells nothing of its address."""
    return hashlib.sha256(url.encode()).hexdigest()


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates that are trusted; to read them takes 20 ms, and a client of its own would for each post."""
    import httpx

    return httpx.create_ssl_context()


async def post(
    name: str, url: str, content: bytes, headers: Mapping[str, str], proxy: str | None, timeout: float
) -> tuple[int, float | None, bytes]:
    """HTTP status, seconds to wait if the answer says so, and its body. Complaints do not name the address."""
    import httpx  # 60 ms, and not needed where no robot is configured

    # its INFO line for each request carries the whole address
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        async with httpx.AsyncClient(proxy=proxy, timeout=timeout, verify=_trusted()) as client:
            reply = await client.post(url, content=content, headers=dict(headers))
    except httpx.InvalidURL:
        raise DeliveryRefused(f"{name}: the webhook is not an address; copy it from the robot") from None
    except httpx.HTTPError as error:
        raise DeliveryRetry(f"{name}: no answer ({type(error).__name__})") from None
    after = reply.headers.get("Retry-After", "")
    return reply.status_code, float(after[:9]) if after.isdecimal() else None, reply.content
