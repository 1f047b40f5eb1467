"""What the author of a signal imports: the market of a pair, and what a signal says.

Each name is listed once, in signal.pyi, and loads when it is used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub("coinmon", __file__)
