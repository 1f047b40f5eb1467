"""The pages' own modules: read as text, served by the desk, put into one script for a file that needs no network."""

import re
from functools import cache
from importlib.resources import files

from coinmon.report.shades import SAFE, SHADES, Shades

MODULES = ("scale.js", "strokes.js", "draw.js", "traded.js", "sheet.js")
"""In the order in which each imports those before it."""

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./[a-z]+\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class)\b)|^export \{[^}]*\};\n", re.MULTILINE)


@cache
def web_file(name: str) -> str:
    """A module or style sheet by its name."""
    return (files("coinmon.report") / "web" / name).read_text("utf-8")


def as_one_script(*entry: str) -> str:
    """The drawing modules and the page's own as one script: each name is told once in all of them."""
    parts = [_EXPORT.sub("", _IMPORT.sub("", web_file(name))) for name in (*MODULES, *entry)]
    return "\n".join(parts).replace("</script", "<\\/script")


def style() -> str:
    """Colours of both themes, and the pages' style sheet."""
    return f"{_colours()}{web_file('page.css')}"


def _colours() -> str:
    light, dark = SHADES["light"], SHADES["dark"]
    dots = "".join(f'.dot[data-tone="{tone}"] {{ background: var(--{tone}); }}\n' for tone in light)
    return (
        f":root {{ color-scheme: light dark; {_variables(light)} }}\n"
        f'@media (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{ {_variables(dark)} }} }}\n'
        f':root[data-theme="dark"] {{ color-scheme: dark; {_variables(dark)} }}\n'
        f':root[data-theme="light"] {{ color-scheme: light; }}\n'
        f":root[data-safe] {{ {_variables(SAFE['light'])} }}\n"
        f'@media (prefers-color-scheme: dark) {{ :root[data-safe]:not([data-theme="light"]) '
        f"{{ {_variables(SAFE['dark'])} }} }}\n"
        f':root[data-safe][data-theme="dark"] {{ {_variables(SAFE["dark"])} }}\n{dots}'
    )


def _variables(shades: Shades) -> str:
    return " ".join(f"--{tone}: {colour};" for tone, colour in shades.items())
