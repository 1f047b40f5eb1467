"""Who else sends to an output's robot: `coinmon notify test`, and other outputs with the same address."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from coinmon.notify.rate_limit import WINDOW_MS, ms_to_next, recent
from coinmon.plugin.contracts import Output
from coinmon.store.database import Database
from coinmon.store.deliveries import RobotChannel, read_channel, write_channel


def channels_of(outputs: Mapping[str, Output]) -> dict[str, tuple[str, ...]]:
    """The channels of each output's robot: its own first, then those that are written by others."""
    robots = {name: getattr(output, "robot", name) for name, output in outputs.items()}
    return {
        name: (
            name,
            *(other for other, its in robots.items() if its == robot and other != name),
            *(_by_hand(other) for other, its in robots.items() if its == robot),
        )
        for name, robot in robots.items()
    }


def read_others(connection: Connection, channels: Sequence[str], wall: int) -> RobotChannel:
    """What the others sent lately, and until when the robot rests because of them."""
    found = [_of_this_time(connection, each, wall) for each in channels[1:]]
    posts = tuple(post for each in found for post in each.posts)
    return RobotChannel(posts, max((each.paused_until for each in found), default=0))


def take_room(database: Database, output: str, channels: Sequence[str], posts: int, per_minute: int, now: int) -> int:
    """Count so many posts that are about to be made by hand, and give 0; where there is no room: ms until there is.

    While a line waits because its output failed, trying by hand is what tells whether it works again.
    """
    with database.write() as connection:
        ours = _of_this_time(connection, _by_hand(output), now)
        made = [post for each in channels for post in _of_this_time(connection, each, now).posts]
        # more than it ever takes at once have to do with less
        made += [now] * (min(posts, per_minute) - 1)
        wait = max(ours.paused_until - now, ms_to_next(made, now, per_minute))
        if wait <= 0:
            write_channel(connection, _by_hand(output), RobotChannel((*recent(ours.posts, now), *[now] * posts)))
    return max(wait, 0)


def rest(database: Database, output: str, until: int) -> None:
    """The robot said, to a post by hand, that it wants no message before then, wall ms."""
    with database.write() as connection:
        ours = read_channel(connection, _by_hand(output))
        write_channel(connection, _by_hand(output), ours._replace(paused_until=until))


def is_ahead(channel: RobotChannel, wall: int) -> bool:
    """Whether it is from before the clock was set back."""
    return bool(channel.posts) and channel.posts[-1] > wall


def _of_this_time(connection: Connection, channel: str, wall: int) -> RobotChannel:
    """A channel that others write; empty where its posts lie ahead, which were made before the clock was set back.

    Counted as posts of now they would leave the robot no room, and the line no end of its rest, for as long as that.
    """
    read = read_channel(connection, channel)
    return RobotChannel() if read.posts and read.posts[-1] > wall + WINDOW_MS else read


def as_read_at_start(channel: RobotChannel, wall: int) -> RobotChannel:
    """A channel as it is read at a start.

    A post that was under way when we were stopped may have arrived as late as now. One from the future is from before
    the clock was set back: so are those before it, and the moment until which the robot rests. Left where they are they
    would take a minute's whole room until the clock is there again.
    """
    if not channel.posts:
        return channel
    ahead = max(0, channel.posts[-1] - wall)
    before = tuple(post - ahead for post in channel.posts[:-1])
    return channel._replace(posts=(*before, wall), paused_until=channel.paused_until - ahead)


def _by_hand(output: str) -> str:
    """The channel of posts by hand to an output: only its sender writes the output's own channel."""
    return f"{output} (by hand)"
