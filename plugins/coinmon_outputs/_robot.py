"""Posting to a group robot: it answers HTTP 200 whatever happened, so success is its error code and nothing else."""

import json
import logging
from collections.abc import Collection, Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr

from coinmon import DeliveryRefused, DeliveryRetry

THROTTLED = (60.0, 600.0)
"""Seconds to wait when told that it was too fast: the first time, and from then on."""

_BUSY = -1


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


class Robot:
    """One robot, and what its codes mean.

    throttled: codes for too many messages. cures: what to do about a refusal, by code, or by words of its text.
    secrets: never let through in a complaint.
    """

    def __init__(
        self,
        name: str,
        *,
        throttled: Collection[int],
        cures: Mapping[int | str, str],
        secrets: Collection[str],
        proxy: str | None,
        timeout: float,
    ) -> None:
        self._name, self._proxy, self._timeout = name, proxy, timeout
        self._throttled, self._cures, self._secrets = throttled, cures, sorted(filter(None, secrets), key=len)[::-1]
        self._refusals = 0

    async def post(self, url: str, body: Mapping[str, Any]) -> None:
        """Send, or raise DeliveryRetry or DeliveryRefused, neither of which names the address."""
        import httpx  # 60 ms, and not needed where no robot is configured

        # its INFO line for each request carries the whole address
        logging.getLogger("httpx").setLevel(logging.WARNING)
        headers = {"Content-Type": "application/json; charset=utf-8"}
        content = json.dumps(body, ensure_ascii=False).encode()
        try:
            async with httpx.AsyncClient(proxy=self._proxy, timeout=self._timeout) as client:
                reply = await client.post(url, content=content, headers=headers)
        except httpx.InvalidURL:
            raise DeliveryRefused(f"{self._name}: the webhook is not an address; copy it from the robot") from None
        except httpx.HTTPError as error:
            raise DeliveryRetry(f"{self._name}: no answer ({type(error).__name__})") from None
        if reply.status_code != 200:
            after = reply.headers.get("Retry-After", "")
            wait = float(after) if after.isdigit() else None
            raise DeliveryRetry(f"{self._name}: HTTP {reply.status_code}", wait)
        try:
            answer = reply.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise DeliveryRetry(f"{self._name}: the answer is not the robot's (no JSON object)")
        self._judge(answer)

    def _judge(self, answer: Mapping[str, Any]) -> None:
        code, text = answer.get("errcode"), self._clean(str(answer.get("errmsg", "")))
        if code == 0:
            self._refusals = 0
            return
        if code in self._throttled or (code is None and answer.get("punish")):
            wait = THROTTLED[min(self._refusals, 1)]
            self._refusals += 1
            raise DeliveryRetry(f"{self._name}: too many messages, says the robot ({code or 'deny'} {text})", wait)
        if code == _BUSY:
            raise DeliveryRetry(f"{self._name}: the robot is busy ({text})", 30.0)
        if code is None:
            raise DeliveryRetry(f"{self._name}: the answer is not the robot's (no errcode)")
        words = [cure for key, cure in self._cures.items() if isinstance(key, str) and key in text.lower()]
        cure = words[0] if words else self._cures.get(code, "see the robot's settings")
        raise DeliveryRefused(f"{self._name}: refused with {code} {text}: {cure}")

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return " ".join(text.split())[:200]
