"""constraints.txt: what CI installs, exactly, wherever it is installed from."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "constraints.txt").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

ENTRIES = re.findall(r"^(\S[^\\\n]*?) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", TEXT, re.MULTILINE)


def _pins() -> dict[str, Requirement]:
    """What is pinned for this Python and system, by name: another may have another version."""
    pins = [Requirement(line) for line, _ in ENTRIES]
    return {canonicalize_name(pin.name): pin for pin in pins if pin.marker is None or pin.marker.evaluate()}


PINS = _pins()


def test_every_line_is_a_pin_with_hashes_or_a_comment():
    rest = [line for line in TEXT.splitlines() if line and not line.lstrip().startswith("#")]
    assert len(rest) == sum(1 + hashes.count("--hash") for _, hashes in ENTRIES)
    assert all(str(pin.specifier).startswith("==") for pin in PINS.values())


def test_it_names_no_index_and_no_place():
    options = re.sub(r"(?m)^#.*", "", TEXT)
    assert not re.search(r"index-url|find-links|trusted-host", options)
    assert not re.search(r"://|file:|@ ", TEXT)


@pytest.mark.parametrize(
    "wanted",
    [
        *PROJECT["project"]["dependencies"],
        *PROJECT["project"]["optional-dependencies"]["test"],
        *PROJECT["build-system"]["requires"],
    ],
)
def test_what_the_project_asks_for_is_pinned_within_its_range(wanted):
    requirement = Requirement(wanted)
    pin = PINS[canonicalize_name(requirement.name)]
    (version,) = [each.version for each in pin.specifier]
    assert requirement.specifier.contains(version), f"{wanted}: constraints.txt has {version}; see README"
