"""What the author of an output imports: the message, and how sending it can fail.

Each name is listed once, in output.pyi, and loads when it is used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub("coinmon", __file__)
