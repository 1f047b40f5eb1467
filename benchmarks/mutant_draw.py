"""Which mutants there are, and which of them a seed draws: the part of mutants.py that reads and changes code."""

import ast
import difflib
import random
import re
from pathlib import Path

from mutant_map import ROOT

FOLDERS = {
    "model": "coinmon/model",
    "collect": "coinmon/collect",
    "store": "coinmon/store",
    "notify": "coinmon/notify",
    "exchanges": "plugins/coinmon_exchanges",
}
OF_EXCHANGES = ("_continuity.py", "books.py", "decode.py")
"""Of the exchanges: what proves continuity, keeps books and decodes."""
LEFT_OUT = ("Variable", "RemoveDecorator", "ExceptionReplacer")
"""Kinds of mutant that need settings of their own, or change what only a type checker reads."""


def no_operators(source):
    """Whether what stands at (line, column) is a part of a type, or a star of arguments: no mutant is to be made of it.

    Types are read by checkers alone, and a star that is another operator is no Python.
    """
    lines, types = source.splitlines(), []
    for node in ast.walk(ast.parse(source)):
        for each in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if each is not None:
                types.append(((each.lineno, each.col_offset), (each.end_lineno, each.end_col_offset)))

    def is_one(place):
        line, column = lines[place[0] - 1], place[1]
        # what is given or taken apart begins a line or follows a bracket or a comma, with no space after the star
        star = re.match(r"\*\*?[\w({\[]|[*/]\s*,", line[column:]) and re.search(r"(^|[({\[,])\s*$", line[:column])
        return bool(star) or any(begin <= place < end for begin, end in types)

    return is_one


def positions(folder):
    """(file, operator, which occurrence in the file, line) of every mutant of a folder."""
    import parso
    from cosmic_ray.ast import ast_nodes
    from cosmic_ray.plugins import get_operator, operator_names

    found = []
    for path in sorted((ROOT / FOLDERS[folder]).rglob("*.py")):
        if "migrations" in path.parts or (folder == "exchanges" and path.name not in OF_EXCHANGES):
            continue
        source = path.read_text("utf-8")
        tree, is_none = parso.parse(source), no_operators(source)
        for name in operator_names():
            if any(each in name for each in LEFT_OUT):
                continue
            operator = get_operator(name)()
            places = [begin for node in ast_nodes(tree) for begin, _ in operator.mutation_positions(node)]
            found += [
                (path.relative_to(ROOT), name, number, place[0])
                for number, place in enumerate(places)
                if not is_none(place)
            ]
    return found


def mutated(source, name, number):
    """The changed text and its changed lines; None where it is the same, or no Python."""
    from cosmic_ray.mutating import MutationVisitor
    from cosmic_ray.plugins import get_operator

    after = MutationVisitor.mutate_code(source, get_operator(name)(), number)
    if after is None or after == source:
        return None
    try:
        compile(after, name, "exec")
    except SyntaxError:
        return None
    lines = difflib.unified_diff(source.splitlines(), after.splitlines(), n=0, lineterm="")
    return after, [each for each in lines if each[0] in "+-@" and not each.startswith(("+++", "---"))]


def drawn(count, seed, folders, part):
    """(folder, file, operator, occurrence, line) of what a seed draws, one part of it."""
    rng = random.Random(seed)
    every = [(folder, *each) for folder in folders for each in rng.sample(positions(folder), count // len(folders))]
    which, parts = map(int, part.split("/"))
    return every[which - 1 :: parts]


def again(file):
    """What an earlier run printed."""
    for line in Path(file).read_text("utf-8").splitlines():
        if line.startswith("not noticed by"):
            folder, path, name, number, row = line.split(": ", 1)[1].split()
            yield folder, Path(path), name, int(number), int(row)
