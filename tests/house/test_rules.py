"""House rules that no linter knows: see docs/architecture.md."""

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = [ROOT / "coinmon", *sorted((ROOT / "plugins").glob("coinmon_*"))]
SOURCES = sorted(path for package in PACKAGES for path in package.rglob("*.py"))
CORE = set(PACKAGES[0].rglob("*.py"))
ALL = [*SOURCES, *sorted(path for folder in ("tests", "benchmarks") for path in (ROOT / folder).rglob("*.py"))]
"""Tests and benchmarks are read as much as the rest is: the same sizes hold for them."""

MOST_LINES = 300
MOST_FILES = 20
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "managers", "factory"}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module(path: Path) -> str:
    """By which name a file is imported."""
    parts = path.relative_to(ROOT).with_suffix("").parts[path not in CORE :]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, its own package's by full name."""
    package = path.parent.name
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = ".".join(filter(None, [package, node.module])) if node.level else str(node.module)
            yield module
            yield from (f"{module}.{each.name}" for each in node.names)


def test_there_is_something_to_check():
    assert len(PACKAGES) > 5
    assert len(SOURCES) > 100


def test_a_file_is_one_idea_of_at_most_300_lines():
    lines = {name(path): len(path.read_text("utf-8").splitlines()) for path in ALL}
    assert not {path: count for path, count in lines.items() if count > MOST_LINES}


def test_a_folder_holds_at_most_20_files():
    files = Counter(name(path.parent) for path in ALL)
    assert not {folder: count for folder, count in files.items() if count > MOST_FILES}


def test_modules_are_named_for_what_they_are():
    words = {name(path): set(path.stem.strip("_").split("_")) for path in SOURCES}
    assert not {path for path, found in words.items() if found & NAMELESS}


def test_a_file_says_what_it_is():
    silent = [name(path) for path in SOURCES if ast.get_docstring(ast.parse(path.read_text("utf-8"))) is None]
    assert not [path for path in silent if path != "coinmon/__main__.py"]


def test_plugin_packages_are_docstrings_and_files():
    for package in PACKAGES[1:]:
        body = ast.parse((package / "__init__.py").read_text("utf-8")).body
        assert len(body) == 1, f"{package.name}/__init__.py is more than a docstring"


def test_plugins_do_not_lean_on_one_another():
    """Each can be switched off: what they share is in `_private` modules, results come through `view.of` and
    `market.of`."""
    plugins = (path for path in SOURCES if path not in CORE and "@hookimpl" in path.read_text("utf-8"))
    public = {module(path) for path in plugins}
    leaning = [
        (name(path), other)
        for path in SOURCES
        for other in public & set(imported(path))
        if not module(path).startswith(f"{other}.")
    ]
    assert not leaning


def test_nothing_is_imported_wholesale():
    starred = [
        name(path)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and any(each.name == "*" for each in node.names)
    ]
    assert not starred


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_every_package_is_typed(package):
    assert (package / "py.typed").is_file()


def test_every_plugin_package_is_an_entry_point_and_under_every_contract():
    """A package that is forgotten in one of the lists of pyproject.toml would be held to nothing."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = {package.name for package in PACKAGES[1:]}
    points = project["project"]["entry-points"]["coinmon"].values()
    assert {point.partition(".")[0] for point in points} == packages
    linter = project["tool"]["importlinter"]
    assert set(linter["root_packages"]) == {"coinmon", *packages}
    core, plugins, apart, _ = linter["contracts"]
    assert packages <= set(core["forbidden_modules"])
    assert set(plugins["source_modules"]) == set(apart["modules"]) == packages


def test_every_folder_has_its_line_in_the_architecture():
    """A venue's or a subject's folder, of which there are many alike, is told by the line of the one it is in."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    folders = {path.parent for path in SOURCES if path.parent.parts[-2:] != ("migrations", "versions")}
    alike = {folder for folder in folders if folder.parent.name in {"coinmon_exchanges", "venues"}}
    silent = [
        name(folder)
        for folder in sorted(folders - alike)
        if f"`{name(folder)}/`" not in text and not (folder.parent in folders and f"`{folder.name}/`" in text)
    ]
    assert not silent


_SIGNED = re.compile(r""":\+[,_.\d]*[{}defgn%]|:{["']\+|["']\+[,_]?(\.\d+)?[defgn%]["']|\? *["'`]\+["'`$]""")
"""`{each:+.2f}`, `{each:{'+' if sign else ''}f}`, `format(each, "+.1%")`, and in a script `each > 0 ? "+" : ""`."""


def test_noughts_have_no_sign():
    """`{:+.2f}` writes +0.00 and -0.00, which are neither more nor less: `with_sign` does not."""
    shown = (
        "{a:+d} {a:+.{b}f} {a:+,.6g} {a:+} {a:{'+'if+b+else''}f} format(a,'+.1%') said(a,'+g') a>0?'+':'' a>0?`+${a}`:a"
    )
    assert [each for each in shown.split(" ") if not _SIGNED.search(each)] == []
    scripts = (path for package in PACKAGES for path in package.rglob("*.js"))
    found = [name(path) for path in (*SOURCES, *scripts) if _SIGNED.search(path.read_text("utf-8"))]
    assert found == []
