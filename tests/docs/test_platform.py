"""The platform's guide names every variable that the platform reads."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]


def test_every_variable_is_explained() -> None:
    """A setting that nobody can find is no setting."""
    settings = (ROOT / "runtime" / "settings.py").read_text(encoding="utf-8")
    guide = (ROOT / "docs" / "platform.md").read_text(encoding="utf-8")

    read = set(re.findall(r'"(PLANGATE_[A-Z_]+)"', settings))

    assert read
    assert read == set(re.findall(r"`(PLANGATE_[A-Z_]+)`", guide)) & read
    assert set(re.findall(r"PLANGATE_[A-Z_]+", guide)) <= read
