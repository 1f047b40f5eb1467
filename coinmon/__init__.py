"""coinmon: where the money flows across crypto exchanges."""

from pluggy import HookimplMarker

hookimpl = HookimplMarker("coinmon")
