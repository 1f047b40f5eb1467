"""What the author of an exchange imports: instruments, trades, bars, archives, streams, and what can go wrong.

Each name is listed once, in exchange.pyi, and loads when it is used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub("coinmon", __file__)
