"""Events to a web address of the user's."""

import hashlib
import hmac
import json
import time
from typing import Annotated, Any

from pydantic import Field, SecretStr

from coinmon.output import DeliveryAside, DeliveryRetry, DeliveryThrottled, Message, hookimpl
from coinmon_outputs._robot import Webhook, post

_ABOUT_THE_MESSAGE = (410, 413, 422)
"""Statuses about the message itself, or of a gateway that is wrong for a while: others need not wait for it."""


class WebHook:
    """Posts signals and whale trades as JSON to an address of yours, signed.

    The body is the object of `coinmon scan --json` with its `id`. `X-Coinmon-Id` is the same whenever a message is sent
    again; `X-Coinmon-Signature` is `sha256=` and the HMAC of `X-Coinmon-Timestamp` (ms), a dot and the body, in hex.
    """

    wants = frozenset({"signal", "signal_ended", "whale"})
    default = False

    def __init__(
        self,
        name: str,
        *,
        webhook: Annotated[Webhook, Field(description="the address to post to")],
        secret: Annotated[SecretStr | None, Field(description="key of the signature; unset: not signed")] = None,
        proxy: Annotated[str | None, Field(description="for this address")] = None,
        timeout: Annotated[float, Field(gt=0, description="seconds to wait for an answer")] = 10.0,
    ) -> None:
        self._name, self._proxy, self._timeout = name, proxy, timeout
        self._url = webhook.get_secret_value().strip()
        self._secret = secret.get_secret_value().encode() if secret else b""

    async def send(self, message: Message) -> None:
        body = json.dumps({**message.event, "id": message.id}, ensure_ascii=False).encode("utf-8", "replace")
        headers = {"Content-Type": "application/json; charset=utf-8", "X-Coinmon-Id": message.id}
        if self._secret:
            stamp = str(round(time.time() * 1000))
            signature = hmac.new(self._secret, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
            headers |= {"X-Coinmon-Timestamp": stamp, "X-Coinmon-Signature": f"sha256={signature}"}
        status, after, _ = await post(self._name, self._url, body, headers, self._proxy, self._timeout)
        if 200 <= status < 300:
            return
        if status == 429:
            raise DeliveryThrottled(f"{self._name}: HTTP 429", after or 60.0)
        if status >= 500:
            raise DeliveryRetry(f"{self._name}: HTTP {status}", after)
        text = f"{self._name}: HTTP {status}: check outputs.{self._name}.webhook and .secret"
        if status in _ABOUT_THE_MESSAGE:
            raise DeliveryAside(text)
        raise DeliveryRetry(text, after)


@hookimpl
def register_outputs(register: Any) -> None:
    register("webhook", WebHook)
