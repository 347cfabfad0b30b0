"""A plugin for `mutants.py`: no function remembers what it returned in an earlier test.

What is remembered from before a function was broken would hide that it is.
"""

import sys
from pathlib import Path

import pytest

MODULES = sorted(path.stem for path in (Path(__file__).parent.parent / "src").glob("*.py"))


@pytest.fixture(autouse=True)
def forget():
    """Empty what `functools.cache` has kept in the modules that are broken."""
    for module in filter(None, map(sys.modules.get, MODULES)):
        for thing in vars(module).values():
            if hasattr(thing, "cache_clear"):
                thing.cache_clear()
