"""What the author of an indicator imports: views, what a result is, and how it draws itself.

Each name is listed once, in indicator.pyi, and loads when it is used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub("coinmon", __file__)
