"""A wheel is unpacked into a folder, and nowhere else."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from runtime.plugins import wheels
from runtime.plugins.wheels import MOST_FILES, WheelError, unpack
from tests.wheels import ZOO, build_wheel


def test_a_wheel_is_unpacked(tmp_path: Path) -> None:
    """Its package and its metadata are there."""
    unpack(build_wheel(ZOO, tmp_path), tmp_path / "into")

    assert (tmp_path / "into" / "plangate_zoo" / "plugin.py").exists()
    assert (tmp_path / "into" / "plangate_zoo-1.2.0.dist-info" / "RECORD").exists()


@pytest.mark.parametrize("name", ["../out.py", "/out.py", "a/../../out.py", "a\\..\\out.py"])
def test_a_place_outside_is_refused(tmp_path: Path, name: str) -> None:
    """Nothing of such a file is written."""
    with zipfile.ZipFile(tmp_path / "bad.whl", "w") as archive:
        archive.writestr("fine.py", "")
        archive.writestr(name, "")

    with pytest.raises(WheelError, match="a place outside"):
        unpack(tmp_path / "bad.whl", tmp_path / "into")

    assert not (tmp_path / "into").exists()


def test_what_holds_too_much_is_refused(tmp_path: Path) -> None:
    """A small file may say that it is a large one."""
    with zipfile.ZipFile(tmp_path / "many.whl", "w") as archive:
        for number in range(MOST_FILES + 1):
            archive.writestr(f"{number}", "")
    with zipfile.ZipFile(tmp_path / "large.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(wheels.MOST_BYTES + 1))

    for name in ("many.whl", "large.whl"):
        with pytest.raises(WheelError, match="expected 5000 and"):
            unpack(tmp_path / name, tmp_path / "into")


@pytest.mark.parametrize("content", [None, b"no zip"])
def test_what_is_no_wheel_is_refused(tmp_path: Path, content: bytes | None) -> None:
    """A file of another kind, or none."""
    if content is not None:
        (tmp_path / "odd.whl").write_bytes(content)

    with pytest.raises(WheelError, match=r"odd\.whl can't be read as a wheel"):
        unpack(tmp_path / "odd.whl", tmp_path / "into")
