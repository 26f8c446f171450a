"""The platform's guide names every variable that the platform reads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
GUIDE: Final = ROOT / "docs" / "platform.md"


def test_every_variable_is_explained() -> None:
    """A setting that nobody can find is no setting."""
    files = (ROOT / "runtime").rglob("*.py")
    read = {
        name
        for file in files
        for name in re.findall(r'"(PLANGATE_[A-Z_]+)"', file.read_text(encoding="utf-8"))
    }
    guide = set(re.findall(r"PLANGATE_[A-Z_]+", GUIDE.read_text(encoding="utf-8")))

    assert read
    assert read - guide == set()
    assert guide - read == set()
