"""What the author of a command imports: the stored market, opened for questions.

Each name is listed once, in command.pyi, and loads when it is used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub("coinmon", __file__)
