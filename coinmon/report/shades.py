"""The colours of pages: each tone on light and on dark paper, and a pair that the colour-blind tell apart."""

Shades = dict[str, str]

_SERIES_LIGHT = {
    "s0": "#2563c9", "s1": "#c2571a", "s2": "#0f8a6a", "s3": "#8a5cc4", "s4": "#c93a4c", "s5": "#0f7f90",
    "s6": "#8a6f00", "s7": "#5d6875",
}  # fmt: skip
_SERIES_DARK = {
    "s0": "#6ea3f7", "s1": "#f0945a", "s2": "#2fbf96", "s3": "#b794f0", "s4": "#f06a7a", "s5": "#4fc3d4",
    "s6": "#d6bb4a", "s7": "#9aa6b3",
}  # fmt: skip

SERIES = len(_SERIES_LIGHT)
"""Colours `s0` to `s7` tell instruments apart."""

SHADES: dict[str, Shades] = {
    "light": {
        "paper": "#ffffff", "panel": "#f3f5f8", "text": "#1b2430", "dim": "#5c6774", "rule": "#e3e7ec",
        "up": "#0b7d5f", "down": "#c22f43", "plain": "#1b2430", "warn": "#96590a", "accent": "#2563c9",
        "second": "#7d4fb8", "third": "#96590a", "muted": "#6b7683", **_SERIES_LIGHT,
    },
    "dark": {
        "paper": "#11161d", "panel": "#19212b", "text": "#dfe6ee", "dim": "#98a5b4", "rule": "#263039",
        "up": "#2fbf96", "down": "#f06a7a", "plain": "#dfe6ee", "warn": "#e0a63c", "accent": "#6ea3f7",
        "second": "#b794f0", "third": "#e3b15a", "muted": "#8b97a5", **_SERIES_DARK,
    },
}  # fmt: skip
"""By theme: a colour for each tone. Candles that rose are hollow too, so that nothing hangs on hue alone."""

SAFE: dict[str, Shades] = {
    "light": {"up": "#1260c4", "down": "#b34a00"},
    "dark": {"up": "#6aa8ff", "down": "#f59b4b"},
}
"""Buying blue and selling orange: in place of green and red for who cannot tell those apart."""
