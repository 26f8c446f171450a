"""Give tests of plugins a folder in which distributions are installed, and take it away again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.plugins import loader
from runtime.plugins.admission import ADMIT_ALL


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder on this process's path; what is installed there is found."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    loader.admit(ADMIT_ALL)
    loader.look_again()
    known = set(sys.modules)
    yield folder
    for name in set(sys.modules) - known:
        if str(folder) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]
    loader.admit(ADMIT_ALL)
    loader.look_again()
