"""A request of which one name refuses the whole (EXCHANGES C9): it is sent again in halves, until the one is found."""

from collections.abc import Callable, Sequence

from coinmon_exchanges._stream.rows import StreamItem, Subscribed


def in_halves(
    subscribed: Subscribed, group: int, why: str, request: Callable[[int, Sequence[str]], str]
) -> list[StreamItem]:
    """What is known of the instruments of a refused request, by its place in `groups`.

    request: the text that asks for names as the group of that place.
    """
    names = list(subscribed.groups[group])
    if len(names) <= 1:
        return [subscribed.refuse(names, why, lambda: request(group, names))]
    middle = len(names) // 2
    for half in (names[:middle], names[middle:]):
        subscribed.groups.append(half)
        subscribed.requests.append(request(len(subscribed.groups) - 1, half))
    return []
