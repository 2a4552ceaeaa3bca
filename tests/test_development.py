"""The files for those who develop: what make offers, what CI runs, what is installed."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def test_every_make_target_says_what_it_does_and_is_no_file() -> None:
    """`make help` shows what stands behind the two hash signs."""
    documented = re.findall(r"^([a-z-]+):.*?  ## [A-Z].+$", MAKEFILE, re.MULTILINE)
    phony = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    assert phony is not None
    assert set(documented) == TARGETS == set(phony[1].split())


def test_make_alone_lists_the_targets() -> None:
    assert ".DEFAULT_GOAL := help" in MAKEFILE
