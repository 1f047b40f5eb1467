"""Posts made by hand (`coinmon notify test`) count in the robot's pace, which a running scan keeps."""

from coinmon.notify.pace import ms_to_next, recent
from coinmon.store.database import Database
from coinmon.store.deliveries import Channel, read_channel, write_channel


def by_hand(output: str) -> str:
    """The channel of posts by hand to an output: its own channel is for its line alone to write."""
    return f"{output} (by hand)"


def take_room(database: Database, output: str, posts: int, per_minute: int, now: int) -> int:
    """Count so many posts that are about to be made, and give 0; where there is no room: ms until there is.

    While a line waits because its output failed, trying by hand is what tells whether it works again.
    """
    with database.write() as connection:
        line, ours = read_channel(connection, output), read_channel(connection, by_hand(output))
        # more than it ever takes at once have to do with less
        made = (*line.posts, *ours.posts, *[now] * (min(posts, per_minute) - 1))
        wait = max(ours.paused_until - now, ms_to_next(made, now, per_minute))
        if wait <= 0:
            write_channel(connection, by_hand(output), Channel((*recent(ours.posts, now), *[now] * posts)))
    return max(wait, 0)


def rest(database: Database, output: str, until: int) -> None:
    """The robot said that it wants no message before then, wall ms."""
    with database.write() as connection:
        ours = read_channel(connection, by_hand(output))
        write_channel(connection, by_hand(output), ours._replace(paused_until=until))
