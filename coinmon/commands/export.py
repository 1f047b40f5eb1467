"""to come"""


def export() -> None: ...
