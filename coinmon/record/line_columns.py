"""Many lines as columns: lines of one shape together, and of each place in them its numbers, ids and words.

Nothing of it knows a venue: a line's shape is what is left when its values are taken out. See docs/recording.md.
"""

import re
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from coinmon.record.number_column import Form, Grouping, Ints, applied, best_form, cost, from_planes, planes, restored
from coinmon.record.packed_pieces import PackedPieces
from coinmon.record.uuid_column import put_uuids, take_uuids
from coinmon.record.value_text import parsed_column, written_column

_NUMBER = rb"-?(?:0|[1-9]\d{0,17})(?:\.\d{1,12})?"
_UUID = rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_TIME = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(?:\d{3}|\d{6}|\d{9}))?Z"
_VALUE = re.compile(
    rb'(?<=[:\[,"])(%b|%b|%b)(?=[\]},"])|(?<=[:\[,])("(?!(?:%b|%b|%b)")[^"\\]*"|true|false)(?=[,\]}])'
    % (_TIME, _UUID, _NUMBER, _TIME, _UUID, _NUMBER)
)
_IS_NUMBER, _IS_UUID, _IS_TIME = (re.compile(each).fullmatch for each in (_NUMBER, _UUID, _TIME))
_MOMENT = re.compile(rb"\[(\d{1,15}),")
_MOST_GROUPS = 0.5
"""Of its rows; a column of more different words says nothing about what a row is about."""
Tokens = Sequence[bytes]


def packed(lines: Sequence[bytes]) -> bytes:
    """Lines without their ends; none holds one."""
    streams = PackedPieces()
    shapes: dict[bytes, int] = {}
    rows: dict[int, list[Tokens]] = defaultdict(list)
    moments: dict[int, list[int]] = defaultdict(list)
    which, at = [], []
    for line in lines:
        timed = _MOMENT.match(line)
        pieces = _VALUE.split(line[timed.end() :] if timed else line)
        # pieces: text, a value or None, a word or None, text, ...
        values = [one if one is not None else other for one, other in zip(pieces[1::3], pieces[2::3], strict=True)]
        shape = shapes.setdefault(b"\n".join([b"[" if timed else b"", *pieces[::3]]), len(shapes))
        which.append(shape)
        rows[shape].append(values)
        if timed:
            # a moment with zeros before it would come back without them
            at.append(int(timed[1]))
            moments[shape].append(at[-1])
    _put(streams, np.array(which, np.int64))
    came = np.array(at, np.int64)
    came[1:] -= came[:-1].copy()
    _put(streams, came)
    for shape, some in rows.items():
        _pack_rows(streams, some, moments[shape])
    return streams.packed({"lines": len(lines), "moments": len(at), "shapes": [each.decode() for each in shapes]})


def unpacked(data: bytes) -> list[bytes]:
    about, streams = PackedPieces.read(data)
    which = _take(streams, about["lines"])
    moments = np.cumsum(_take(streams, about["moments"]))
    shapes = [each.encode().split(b"\n") for each in about["shapes"]]
    timed = np.array([each[0] == b"[" for each in shapes])
    at = np.zeros(len(which), np.int64)
    at[timed[which]] = moments
    lines: list[bytes] = [b""] * len(which)
    # shapes are numbered as they come first
    for number, (head, *texts) in enumerate(shapes):
        places = np.flatnonzero(which == number)
        columns = _unpack_rows(streams, at[places] if head else None, len(places), len(texts) - 1)
        begun = [b"[%d,%b" % (moment, texts[0]) for moment in at[places].tolist()] if head else [texts[0]] * len(places)
        for row, (place, begin) in enumerate(zip(places.tolist(), begun, strict=True)):
            line = [begin]
            for column, text in zip(columns, texts[1:], strict=True):
                line += (column[row], text)
            lines[place] = b"".join(line)
    return lines


def _pack_rows(streams: PackedPieces, rows: Sequence[Tokens], moments: Sequence[int]) -> None:
    columns = list(zip(*rows, strict=True))
    kinds = [_kind(column) for column in columns]
    words = {place: _numbered(columns[place]) for place, kind in enumerate(kinds) if kind == "words"}
    numbers = {
        place: parsed_column(columns[place], kind) for place, kind in enumerate(kinds) if kind in ("number", "time")
    }
    for place, parsed in list(numbers.items()):
        if parsed is None or written_column(*parsed, kinds[place]) != list(columns[place]):
            del numbers[place]
            kinds[place], words[place] = "words", _numbered(columns[place])
    groups = _groups([index for _, index in words.values()], [parsed[0] for parsed in numbers.values() if parsed])
    keys = list(words)
    streams.say([kinds, -1 if groups is None else keys[groups]])
    for known, index in words.values():
        streams.put(b"\n".join(known))
        streams.say(len(known))
        _put(streams, index)
    grouping = Grouping.by(np.zeros(len(rows), np.int64) if groups is None else words[keys[groups]][1])
    earlier = _of_moments(np.array(moments, np.int64)) if moments else []
    for place, kind in enumerate(kinds):
        if kind == "uuid":
            put_uuids(streams, columns[place], grouping)
        elif parsed := numbers.get(place):
            values, decimals = parsed
            form = best_form(values, earlier, grouping)
            streams.say([form.told(), int(decimals[0]) if len(set(decimals.tolist())) == 1 else None])
            if len(set(decimals.tolist())) > 1:
                _put(streams, decimals[grouping.order])
            _put(streams, applied(form, values, earlier, grouping))
            earlier.append(values)


def _unpack_rows(streams: PackedPieces, moments: Ints | None, count: int, places: int) -> list[list[bytes]]:
    kinds, groups = streams.hear()
    columns: dict[int, list[bytes]] = {}
    indices: dict[int, Ints] = {}
    for place, kind in enumerate(kinds):
        if kind == "words":
            known = streams.take().split(b"\n")
            streams.hear()
            indices[place] = _take(streams, count)
            columns[place] = [known[each] for each in indices[place].tolist()]
    grouping = Grouping.by(np.zeros(count, np.int64) if groups < 0 else indices[groups])
    earlier = _of_moments(moments) if moments is not None else []
    for place, kind in enumerate(kinds):
        if kind == "uuid":
            columns[place] = take_uuids(streams, count, grouping)
        elif kind != "words":
            told, decimals = streams.hear()
            lengths = np.full(count, decimals or 0) if decimals is not None else grouping.back(_take(streams, count))
            values = restored(Form.read(told), _take(streams, count), earlier, grouping)
            columns[place] = written_column(values, lengths, kind)
            earlier.append(values)
    return [columns[place] for place in range(places)]


def _kind(column: Tokens) -> str:
    for kind, matches in (("number", _IS_NUMBER), ("uuid", _IS_UUID), ("time", _IS_TIME)):
        if matches(column[0]):
            return kind if all(map(matches, column)) else "words"
    return "words"


def _numbered(column: Tokens) -> tuple[list[bytes], Ints]:
    """The different words in the order in which they come, and which each row has."""
    known = {word: place for place, word in enumerate(dict.fromkeys(column))}
    return list(known), np.array([known[word] for word in column], np.int64)


def _groups(words: Sequence[Ints], numbers: Sequence[Ints]) -> int | None:
    """Which column of words says best what a row's numbers are like: its place; None: none does."""
    best, least = None, None
    whole = Grouping.by(np.zeros(len(numbers[0]) if numbers else 0, np.int64))
    for place, index in [(None, None), *enumerate(words)]:
        if index is not None and int(index.max()) + 1 > max(1, _MOST_GROUPS * len(index)):
            continue
        grouping = whole if index is None else Grouping.by(index)
        total = sum(
            min(cost(applied(form, each, (), grouping)) for form in (Form(), Form(running=True))) for each in numbers
        )
        if least is None or total < least:
            best, least = place, total
    return best


def _of_moments(moments: Ints) -> list[Ints]:
    """The moment of each line as milliseconds, microseconds and nanoseconds: what a venue's times are close to."""
    return [moments, moments * 1000, moments * 1_000_000]


def _put(streams: PackedPieces, small: Ints) -> None:
    found = planes(small)
    streams.say(len(found))
    for plane in found:
        streams.put(plane)


def _take(streams: PackedPieces, count: int) -> Ints:
    return from_planes([streams.take() for _ in range(streams.hear())], count)
