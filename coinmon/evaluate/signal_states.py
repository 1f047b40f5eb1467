"""What is told once: a state when it begins and when it becomes graver, not while it lasts; an event once.

A state that ends and is there again within its cooldown went on. Pure: what was told before is handed in and on, so a
span may be cut anywhere, and the parts joined, and the same is told.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, NamedTuple, TypeVar

from coinmon.evaluate.held_signal import Holding
from coinmon.model.signal import GRADES, Grade

_Holding = TypeVar("_Holding", bound=Holding)


@dataclass(frozen=True, slots=True)
class StateTold:
    """A state that was told at `began`, ms UTC, with that grade. ended: None while it lasts."""

    began: int
    grade: Grade | None
    ended: int | None = None


@dataclass(frozen=True, slots=True)
class SignalStates:
    """What was told so far, by the signal's name and key. states: the last of each. events: those told once."""

    states: Mapping[str, StateTold] = field(default_factory=dict)
    events: frozenset[str] = frozenset()


class ToldNews(NamedTuple, Generic[_Holding]):
    """A signal that is told at `at`, ms UTC. graver_than: the lesser grade that it was told with before."""

    signal: _Holding
    at: int
    graver_than: Grade | None = None


class StateMove(NamedTuple):
    """The state told under `key` at `began` ended at `ended`, or (None) goes on after all."""

    key: str
    began: int
    ended: int | None


class Step(NamedTuple, Generic[_Holding]):
    told: Sequence[ToldNews[_Holding]]
    moves: Sequence[StateMove]
    states: SignalStates


def signal_key(signal: Holding) -> str:
    return f"{signal.name} {signal.key}"


def step(before: SignalStates, signals: Sequence[_Holding], now: int) -> Step[_Holding]:
    """What is news when `signals` are all that holds of the pairs of `before` at `now`."""
    lasting = {signal_key(each): each for each in signals if not each.once}
    single = {signal_key(each): each for each in signals if each.once}
    states = dict(before.states)
    told: dict[str, ToldNews[_Holding]] = {}
    moves: list[StateMove] = []
    graver: list[str] = []
    for key, state in states.items():
        if state.ended is not None:
            continue
        holds = lasting.get(key)
        if holds is None or _rank(holds.grade) > _rank(state.grade):
            states[key] = replace(state, ended=now)
            moves.append(StateMove(key, state.began, now))
            if holds is not None:
                graver.append(key)
    for key in graver:
        told[key] = ToldNews(lasting[key], now, states[key].grade)
    for key, signal in lasting.items():
        last = states.get(key)
        if key in told or not signal.begins or (last is not None and last.ended is None):
            continue
        if last is not None and last.ended is not None and now - last.ended <= signal.cooldown:
            if _rank(signal.grade) <= _rank(last.grade):
                states[key] = replace(last, ended=None)
                moves.append(StateMove(key, last.began, None))
            else:
                told[key] = ToldNews(signal, now, last.grade)
        else:
            told[key] = ToldNews(signal, now)
    for key, each in told.items():
        states[key] = StateTold(now, each.signal.grade)
    new = {key: each for key, each in single.items() if key not in before.events}
    told |= {key: ToldNews(each, now) for key, each in new.items()}
    return Step(list(told.values()), moves, SignalStates(states, before.events | new.keys() if new else before.events))


def fold(answers: Iterable[tuple[int, Sequence[_Holding]]], before: SignalStates) -> Iterator[Step[_Holding]]:
    """The steps of what held from each of these moments on, oldest first; each hands on the states as they then are."""
    for at, signals in answers:
        done = step(before, signals, at)
        before = done.states
        yield done


def _rank(grade: str | None) -> int:
    return -1 if grade is None else GRADES.index(grade)
