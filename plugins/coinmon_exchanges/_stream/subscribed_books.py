"""Books of one connection, each kept by its venue's rule and asked for anew where its sequence breaks."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from time import monotonic
from typing import Any, NamedTuple

from coinmon.exchange import Channel, Instrument, StreamedBook
from coinmon_exchanges._entries import ODD, check_is_list
from coinmon_exchanges._stream.local_book import MAX_PAUSE_S, Follows, LocalBook, Update
from coinmon_exchanges._stream.rows import StreamItem, Subscribed


class Unreadable(NamedTuple):
    """A message about a book that is not in the venue's format: what it changed is not known."""

    name: str


def each_update(
    messages: Iterable[Any], name_of: Callable[[Any], Any], read: Callable[[Any], Iterable[Update]]
) -> Iterator[Update | Unreadable]:
    """Updates in the order they came; a message that is none costs its own book.

    Raises TypeError, or what `name_of` raises, where not even the book is told: any of them may be wrong then.
    """
    for message in messages:
        try:
            updates = list(read(message))
            for each in updates:
                _check_name(each.name)
                check_is_list(each.bids)
                check_is_list(each.asks)
            yield from updates
        except ODD:
            yield Unreadable(_check_name(name_of(message)))


def _check_name(name: Any) -> str:
    if not isinstance(name, str):
        raise TypeError("a message of a book does not say of which")
    return name


class Books(Subscribed):
    """The books of one connection, by the names its messages carry.

    resubscribe: the messages that have the venue send an instrument's snapshot again.
    """

    channel: Channel = "book"

    def __init__(
        self,
        instruments: Mapping[str, Instrument],
        groups: Sequence[Sequence[str]],
        follows: Follows,
        resubscribe: Callable[[str], Sequence[str]] = lambda _: (),
    ) -> None:
        super().__init__(dict(instruments), groups)
        self.local_books = {name: LocalBook(instrument) for name, instrument in instruments.items()}
        self._follows = follows
        self._resubscribe = resubscribe

    def take(self, updates: Iterable[Update | Unreadable]) -> list[StreamItem]:
        """Updates in the order they came: the books that changed, and those that are broken."""
        touched: dict[str, None] = {}
        items: list[StreamItem] = []
        for update in updates:
            local = self.local_books.get(update.name)
            if local is None:
                continue
            if isinstance(update, Unreadable):
                if local.sound or not local.resubscribe_at:
                    touched.pop(update.name, None)
                    items.append(self._broken(update.name, "a message is not in the venue's format"))
                continue
            if update.whole:
                if not local.load(update):
                    touched.pop(update.name, None)
                    items.append(self._broken(update.name, "a snapshot is not in the venue's format"))
                    continue
            elif not local.sound:
                self.without_snapshot(local, update)
                continue
            elif not local.take(update, self._follows):
                touched.pop(update.name, None)
                items.append(self._broken(update.name, f"sequence broken at {update.last or update.time}"))
                continue
            touched[update.name] = None
        for name in touched:
            local = self.local_books[name]
            if why := local.apply():
                items.append(self._broken(name, why))
            elif local.time:
                # a snapshot that does not say its time has that of the first update after it
                items.append(StreamedBook(local.instrument, local.book()))
        return items

    def without_snapshot(self, local: LocalBook, update: Update) -> None:
        """An update came for a book that has no snapshot yet."""

    def _broken(self, name: str, why: str) -> StreamItem:
        self.local_books[name].mark_broken()
        return self.state([name], False, why)

    def requests_due(self) -> Sequence[str]:
        now = monotonic()
        due = [
            name
            for name, local in self.local_books.items()
            if local.resubscribe_at and now >= local.resubscribe_at and not local.sound
        ]
        for name in due:
            # should no snapshot come, it is requested again
            self.local_books[name].resubscribe_at = now + MAX_PAUSE_S
        return [*super().requests_due(), *(text for name in due for text in self._resubscribe(name))]
