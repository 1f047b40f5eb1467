"""Ctrl-C, whenever it comes."""

import signal
import subprocess
import sys


def test_while_the_program_is_imported_it_ends_without_a_word():
    # the first module of the command line's own to be imported presses the keys
    program = """
import builtins, os, signal, sys
real = builtins.__import__
def pressed(name, *rest):
    if name == "typer":
        os.kill(os.getpid(), signal.SIGINT)
    return real(name, *rest)
builtins.__import__ = pressed
from coinmon.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=20, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b"")
