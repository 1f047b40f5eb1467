"""to come"""


def report() -> None: ...
