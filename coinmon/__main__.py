"""`coinmon` and `python -m coinmon`."""

import signal


def main() -> None:
    """Run the command line. A Ctrl-C that comes while it is imported ends the program without a word."""
    usual = signal.signal(signal.SIGINT, signal.SIG_DFL)
    from coinmon import cli

    signal.signal(signal.SIGINT, usual)
    cli.main()


if __name__ == "__main__":
    main()
