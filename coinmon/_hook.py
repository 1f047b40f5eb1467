"""The mark of a function that registers plugins."""

from pluggy import HookimplMarker

hookimpl = HookimplMarker("coinmon")
