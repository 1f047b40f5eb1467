"""Ctrl-C, whenever it comes."""

import signal
import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["pluggy", "typer"])
def test_while_the_program_is_imported_it_ends_without_a_word(module):
    # when it is imported the keys are pressed
    program = """
import builtins, os, signal, sys
real = builtins.__import__
def pressed(name, *rest):
    if name == sys.argv[1]:
        os.kill(os.getpid(), signal.SIGINT)
    return real(name, *rest)
builtins.__import__ = pressed
from coinmon.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-c", program, module], capture_output=True, timeout=20, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b"")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_work_of_an_event_loop_is_put_away_before_it_ends(number):
    # a KeyboardInterrupt in the midst of code leaves coroutines that nobody awaits: lines of Python's own
    program = """
import asyncio, os, sys
from coinmon import cli
async def work():
    try:
        os.kill(os.getpid(), int(sys.argv[1]))
        print("goes on to its next pause")
        await asyncio.sleep(20)
    finally:
        await asyncio.sleep(0)
        print("put away")
cli.build = lambda: asyncio.run(work())
sys.argv[1:] = sys.argv[1:2]
cli.main()
"""
    command = [sys.executable, "-c", program, str(int(number))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "goes on to its next pause\nput away\n", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_behind_a_scripts_ampersand_only_ctrl_c_is_not_heard(number):
    program = """
import asyncio, os, sys
from coinmon import cli
async def work():
    os.kill(os.getpid(), int(sys.argv[1]))
    print("goes on to its next pause")
    await asyncio.sleep(0.05)
    print("goes on")
cli.build = lambda: asyncio.run(work())
sys.argv[1:] = sys.argv[1:2]
cli.main()
"""
    command = f'trap "" INT; exec "{sys.executable}" -c "$0" {int(number)}'
    done = subprocess.run(["sh", "-c", command, program], capture_output=True, text=True, timeout=20, check=False)
    hears = number == signal.SIGTERM
    said = "goes on to its next pause\n" + ("" if hears else "goes on\n")
    assert (done.returncode == 130, done.stdout) == (hears, said)


TAKEN = {"raised": "raise", "taken for a failure": "raise RuntimeError('a model')", "taken for none": "pass"}
"""What a library does with a KeyboardInterrupt while it is imported."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("does", TAKEN.values(), ids=TAKEN)
def test_while_plugins_are_loaded_it_ends_without_a_word(number, does):
    program = f"""
import os, sys
from coinmon import cli
from coinmon.plugin.interrupts import interrupts_noted
def load():
    with interrupts_noted() as ends_us:
        try:
            try:
                os.kill(os.getpid(), int(sys.argv[1]))
            except BaseException:
                {does}
        except BaseException as error:
            assert ends_us(error)
            raise
    print("goes on")
cli.build = load
cli.main()
"""
    command = [sys.executable, "-c", program, str(int(number))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
