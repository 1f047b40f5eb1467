"""A broken plugin is a row in a table, with the reason, and harms nothing else."""

import signal

import pytest

HOOK = """
from coinmon import hookimpl

def thing(market, *, level: int = 1) -> list:
    return []

@hookimpl
def register_signals(register):
    {body}
"""

BROKEN = {
    "missing import": ("import no_such_package", ["ModuleNotFoundError", "no_such_package", "bad.py, line 1"]),
    "no text": ("x = 1\0", ["SyntaxError", "null bytes (bad.py"]),
    "syntax error": ("def thing(:\n    pass\n", ["SyntaxError", "bad.py, line 1"]),
    "misspelt hook": (
        "from coinmon import hookimpl\n@hookimpl\ndef register_signal(register): ...\n",
        ["unknown hook register_signal (did you mean register_signals?)"],
    ),
    "wrong argument": (
        "from coinmon import hookimpl\n@hookimpl\ndef register_signals(registry): ...\n",
        ["registry", "register_signals"],
    ),
    "raising hook": (HOOK.format(body="raise RuntimeError('no luck')"), ["RuntimeError: no luck", "line 9"]),
    "async signal": (
        HOOK.format(body="register('other', other)") + "\nasync def other(market): return []\n",
        ["signal other is async; it is called as a plain function"],
    ),
    "async hook": (
        "from coinmon import hookimpl\n@hookimpl\nasync def register_signals(register): ...\n",
        ["register_signals is async"],
    ),
    "taken name": (
        HOOK.format(body="register('whale', thing)"),
        ["signal whale is taken by signals.whale of coinmon", "disable that to replace it"],
    ),
    "one name twice": (
        HOOK.format(body="register('a', thing); register('a', thing)"),
        ["signal a is taken by dir.bad"],
    ),
    "name with a dash": (HOOK.format(body="register('my-signal', thing)"), ["'my-signal' is not a lower-case"]),
    "name in capitals": (HOOK.format(body="register('Thing', thing)"), ["'Thing' is not a lower-case identifier"]),
    "name that is none": (HOOK.format(body="register(None, thing)"), ["None is not a lower-case identifier"]),
    "nothing to call": (HOOK.format(body="register('thing', 7)"), ["signal thing is not callable"]),
    "unknown option": (HOOK.format(body="register('thing', thing, scope='pair')"), ["does not take scope"]),
    "offers nothing": ("X = 1\n", ["offers nothing", "@hookimpl"]),
    "hook without its mark": ("def register_signals(register): ...\n", ["offers nothing", "@hookimpl"]),
    "exits": ("import sys\nsys.exit(3)\n", ["SystemExit: 3 (bad.py, line 2)"]),
    "raises what Ctrl-C raises": ("\n\nraise KeyboardInterrupt\n", ["KeyboardInterrupt (bad.py, line 3)"]),
    "positional setting": (
        HOOK.format(body="register('other', lambda market, level: [])"),
        ["parameter 'level' cannot be filled", "keyword-only"],
    ),
    "no place for the market": (
        HOOK.format(body="register('other', lambda *, level=1: [])"),
        ["must take 1 positional argument, it takes 0"],
    ),
    "annotation that is not there": (
        "from __future__ import annotations\n"
        + HOOK.format(body="register('t', t)")
        + "\ndef t(m, *, x: Nope = 1): ...",
        ["signal t", "Nope"],
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_plugin_is_listed_with_the_reason_and_the_rest_is_there(kind, catalog_of):
    source, expected = BROKEN[kind]
    catalog = catalog_of(bad=source)
    (broken,) = (each for each in catalog.broken if each.distribution == "plugin_dir")
    assert broken.plugin == "dir.bad"
    assert "\n" not in broken.why
    for part in expected:
        assert part in broken.why
    assert catalog.get("signal", "zz_sound")
    assert not [offer for offer in catalog.offers.values() if offer.plugin == "dir.bad"]


def test_one_whose_import_does_not_end_costs_itself_and_an_alarm_of_others_comes_at_its_time(catalog_of, monkeypatch):
    monkeypatch.setattr("coinmon.plugin.interrupts._LONGEST_S", 0.1)
    before = signal.setitimer(signal.ITIMER_REAL, 1000)
    try:
        catalog = catalog_of(bad="while True: pass\n")
        assert 900 < signal.getitimer(signal.ITIMER_REAL)[0] < 1000
    finally:
        signal.setitimer(signal.ITIMER_REAL, *before)
    assert [each.why for each in catalog.broken] == ["TimeoutError: no end after 0.1 s (bad.py, line 1)"]
    assert catalog.get("signal", "zz_sound")


def test_what_a_plugin_registered_before_it_failed_is_not_kept(catalog_of):
    body = "register('thing', thing); raise RuntimeError('half way')"
    catalog = catalog_of(bad=HOOK.format(body=body))
    assert not catalog.get("signal", "thing")
    assert [each.plugin for each in catalog.broken] == ["dir.bad"]


def test_two_broken_ones_are_both_listed(catalog_of):
    catalog = catalog_of(one="import nothing_here", two="1/0")
    assert [(each.plugin, each.why.split(":")[0]) for each in catalog.broken] == [
        ("dir.one", "ModuleNotFoundError"),
        ("dir.two", "ZeroDivisionError"),
    ]


def test_of_two_claimants_the_bundled_one_keeps_the_name(catalog_of):
    catalog = catalog_of(bad=HOOK.format(body="register('whale', thing)"))
    assert catalog.get("signal", "whale").distribution == "coinmon"


def test_the_name_is_free_when_its_owner_is_disabled(catalog_of):
    catalog = catalog_of(bad=HOOK.format(body="register('whale', thing)"), disabled=("signals.whale",))
    assert catalog.get("signal", "whale").distribution == "plugin_dir"
    assert not catalog.broken


def test_ctrl_c_while_a_plugin_is_imported_ends_us(catalog_of):
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        catalog_of(bad="import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    assert signal.getsignal(signal.SIGINT) is handler
