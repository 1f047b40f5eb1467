"""Pages that a plugin adds to what `coinmon serve` serves, and the cookie that stands for the token in a browser."""

import hmac
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

SESSION_COOKIE = "coinmon_session"
"""Set by a login form, in place of the header that browsers cannot send."""


class Pages(Protocol):
    """What `register_pages` makes: routes of Starlette, and what it wants to hear.

    routes: added to the server's own. home: answers `/` to who accepts text/html. open_paths: asked without the token
    (a login form and its style sheet). login_path: where a browser without the token is sent.
    """

    @property
    def routes(self) -> Sequence[Any]: ...

    @property
    def home(self) -> Callable[[Any], Awaitable[Any]]: ...

    @property
    def open_paths(self) -> Collection[str]: ...

    @property
    def login_path(self) -> str: ...

    def hear(self, event: Mapping[str, Any]) -> None:
        """An event of the scan of this process; called on the event loop, returns at once."""
        ...

    def changed(self, moment: int) -> None:
        """The store has settled on what is answered as of this moment, ms UTC; called on the event loop."""
        ...

    def running(self) -> AbstractAsyncContextManager[None]:
        """Entered when the server starts, left when it stops."""
        ...


def session_of(token: str) -> str:
    """The cookie's value: made of the token, which it does not tell."""
    return hmac.new(token.encode(), b"coinmon session of a browser", "sha256").hexdigest()


def is_session(given: str | None, token: str) -> bool:
    return given is not None and hmac.compare_digest(given.encode(), session_of(token).encode())
