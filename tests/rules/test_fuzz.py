"""Anything may be written in a rule: it is read or refused, quickly, and nothing is executed."""

import random
import time

import pytest

from coinmon_rules._check import condition
from coinmon_rules._written.grammar import RuleFault

PIECES = [
    "net_flow", "(spot)", ".zscore", " > ", "2", " and ", " or ", "not ", "(", ")", "[", "]", "price", "15m", ", ",
    "'x'",
    "consensus", ".verdict", "==", "change(", "max(", "each", "-", "+", "*", "/", "1e308", "9" * 50, ".", "__class__",
    "\u0000", "\n", "#", "£", "（", "\ud800", "lambda", "import os", "{}", "%", "0", "true", "null", "window=5",
]  # fmt: skip
LONGEST_S = 0.5


def fault_of(text, known):
    try:
        condition(text, known)
    except RuleFault as fault:
        return fault
    return None


@pytest.mark.parametrize("seed", range(4))
def test_ten_thousand_in_all(known, seed):
    rng = random.Random(seed)
    read = 0
    for _ in range(1_500):
        text = "".join(rng.choice(PIECES) for _ in range(rng.randint(1, rng.choice((6, 30, 200)))))
        began = time.process_time()
        fault = fault_of(text, known)
        read += fault is None
        if fault is not None:
            assert str(fault).strip()
            assert "\n" not in str(fault)
            assert 0 <= fault.at <= max(len(text), 2_001)
        assert time.process_time() - began < LONGEST_S
    assert read < 1_500


def test_a_number_too_large_is_refused_or_unknown(known):
    for text in ("price > 1e999", "price > " + "9" * 1_000, "price * 1e200 * 1e200 > 1"):
        fault = fault_of(text, known)
        assert fault is None or "too large" in str(fault)
