"""Small changes to the code, one at a time: does a test notice?

Mutants are cosmic-ray's, drawn by a seed, as many of each folder; each is tried on the tests that are about it, in a
copy of the repository. A mutant that no test notices is printed with its line: it wants a test, or a reason why it is
the same.

Run (not in CI): pip install cosmic-ray && python benchmarks/mutants.py [--count 600] [--seed 1] [--folder model]...
With --part 3/20 the third twentieth of those that are drawn, so that hours can be spent in pieces, or by two machines.
"""

import argparse
import difflib
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import parso
from cosmic_ray.ast import ast_nodes
from cosmic_ray.mutating import MutationVisitor
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).parents[1]
FOLDERS = {
    "model": ("coinmon/model", ("tests/model", "tests/collect/test_symbols.py", "tests/notify/test_events.py")),
    "collect": ("coinmon/collect", ("tests/collect",)),
    "store": ("coinmon/store", ("tests/store", "tests/notify/test_outbox.py")),
    "notify": ("coinmon/notify", ("tests/notify",)),
    "exchanges": ("plugins/coinmon_exchanges", ("tests/exchanges",)),
}
"""Where mutants are made, and the tests that are about it, wherever they are."""
OF_EXCHANGES = ("_continuity.py", "books.py", "decode.py")
"""Of the exchanges: what proves continuity, keeps books and decodes."""
LEFT_OUT = ("Variable", "RemoveDecorator", "ExceptionReplacer")
"""Kinds of mutant that need settings of their own, or change what only a type checker reads."""
TIMEOUT_S = 400


def positions(folder):
    """(file, operator, which occurrence in the file) of every mutant of a folder."""
    found = []
    for path in sorted((ROOT / FOLDERS[folder][0]).rglob("*.py")):
        if "migrations" in path.parts or (folder == "exchanges" and path.name not in OF_EXCHANGES):
            continue
        tree = parso.parse(path.read_text("utf-8"))
        for name in operator_names():
            if any(each in name for each in LEFT_OUT):
                continue
            operator = get_operator(name)()
            count = sum(len(list(operator.mutation_positions(node))) for node in ast_nodes(tree))
            found += [(path.relative_to(ROOT), name, number) for number in range(count)]
    return found


def noticed(copy, folder, path, name, number):
    """Whether a test fails, and the changed line; None for a mutant that is the same text."""
    file = copy / path
    before = file.read_text("utf-8")
    after = MutationVisitor.mutate_code(before, get_operator(name)(), number)
    if after is None or after == before:
        return None
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    change = [each for each in lines if each[0] in "+-@" and not each.startswith(("+++", "---"))]
    file.write_text(after, "utf-8")
    try:
        return fails(copy, folder), change
    finally:
        file.write_text(before, "utf-8")


def fails(copy, folder):
    """Whether a test that is about the folder fails, or none of them ends in time."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider", *FOLDERS[folder][1]]
    environment = {
        "PYTHONPATH": f"{copy}:{copy / 'plugins'}", "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"
    }  # fmt: skip
    try:
        done = subprocess.run(command, cwd=copy, capture_output=True, timeout=TIMEOUT_S, check=False, env=environment)
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", action="append", choices=list(FOLDERS))
    parser.add_argument("--part", default="1/1", help="which of how many equal parts of what is drawn")
    given = parser.parse_args()
    part, parts = map(int, given.part.split("/"))
    folders = given.folder or list(FOLDERS)
    rng = random.Random(given.seed)
    drawn = []
    for folder in folders:
        every = positions(folder)
        print(f"{folder}: {len(every):,} mutants", flush=True)
        drawn += [(folder, *each) for each in rng.sample(every, min(len(every), given.count // len(folders)))]
    drawn = drawn[part - 1 :: parts]
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "copy"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".venv", ".git", "__pycache__", "data"))
        for folder in folders:
            if fails(copy, folder):
                sys.exit(f"{folder}: its tests fail without any mutant, which would count as noticing each")
        killed, tried, began = dict.fromkeys(folders, 0), dict.fromkeys(folders, 0), time.monotonic()
        for folder, path, name, number in drawn:
            found = noticed(copy, folder, path, name, number)
            if found is None:
                continue
            tried[folder] += 1
            killed[folder] += found[0]
            if not found[0]:
                print(f"not noticed: {path} {name.removeprefix('core/')}\n  " + "\n  ".join(found[1]), flush=True)
    for folder in folders:
        print(f"{folder}: {killed[folder]} of {tried[folder]}")
    share = sum(killed.values()) / max(1, sum(tried.values()))
    print(f"all: {share:.1%} of {sum(tried.values())} noticed, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
