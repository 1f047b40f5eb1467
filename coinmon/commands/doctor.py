"""to come"""


def doctor() -> None: ...
