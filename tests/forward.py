"""What `python -m coinmon ARGUMENT ...` does, for programs that start it themselves: `forward.py PLACE ARGUMENT ...`.

The process is forked at PLACE as tests/forked.py tells, with the streams, the folder and the environment of this one,
which passes signals on and ends with its exit code.
"""

import json
import os
import signal
import socket
import sys

_LENGTH_BYTES = 4

place, *arguments = sys.argv[1:]
link = socket.socket(socket.AF_UNIX)
link.connect(place)
text = json.dumps({"arguments": arguments, "cwd": os.getcwd(), "env": dict(os.environ)}).encode()
socket.send_fds(link, [len(text).to_bytes(_LENGTH_BYTES, "big")], [0, 1, 2])
link.sendall(text)
answers = link.makefile("rb")
process = int.from_bytes(answers.read(_LENGTH_BYTES), "big")
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda sent, _frame: os.kill(process, sent))
sys.exit(os.waitstatus_to_exitcode(int.from_bytes(answers.read(_LENGTH_BYTES), "big")))
