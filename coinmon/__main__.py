"""`python -m coinmon`."""

from coinmon.cli import main

main()
