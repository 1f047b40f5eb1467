"""After how many minutes a signal is judged."""

from collections.abc import Mapping

from coinmon.config.load import Config

DEFAULT_HORIZON_MINUTES = 60


def horizons_of(config: Config) -> Mapping[str, int]:
    """Minutes by signal, as their plugins declare them."""
    return {name: each.offer.horizon for name, each in config.signals.items()}


def horizon_of(signal: str, declared: Mapping[str, int]) -> int:
    """Minutes of a signal, whose name may go on after its plugin's: `consensus_change` is `consensus`'."""
    own = [name for name in declared if signal == name or signal.startswith(f"{name}_")]
    return declared[max(own, key=len)] if own else DEFAULT_HORIZON_MINUTES
