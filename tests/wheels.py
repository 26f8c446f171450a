"""Build wheels and install them as pip does, without a network or a build backend.

What is written is what a wheel is: a zip with the package and a `dist-info` folder. Installing one
unpacks it into a folder that is to be on a process's path.
"""

from __future__ import annotations

import base64
import hashlib
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path

ZOO = Path(__file__).parent / "plugins" / "zoo"


def build_wheel(source: Path, into: Path) -> Path:
    """Build the wheel of a project folder, from its pyproject, and return the file."""
    project = tomllib.loads((source / "pyproject.toml").read_text("utf-8"))
    told = project["project"]
    (package,) = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    files = {
        path.relative_to(source).as_posix(): path.read_bytes()
        for path in sorted((source / package).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    groups = told.get("entry-points", {})
    return write_wheel(
        into, name=told["name"], version=told["version"], files=files, entry_points=groups
    )


def write_wheel(
    into: Path,
    *,
    name: str,
    version: str,
    files: Mapping[str, bytes],
    entry_points: Mapping[str, Mapping[str, str]],
) -> Path:
    """Write a wheel of files and entry points."""
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    whole = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": _entry_points(entry_points).encode(),
    }
    record = "".join(f"{path},{_hash(data)},{len(data)}\n" for path, data in whole.items())
    whole[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    into.mkdir(parents=True, exist_ok=True)
    wheel = into / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, data in whole.items():
            archive.writestr(path, data)
    return wheel


def install(wheel: Path, folder: Path) -> Path:
    """Install a wheel into a folder, as `pip install --target` does; return the folder."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)  # it was built above
    return folder


def install_module(
    folder: Path,
    name: str,
    code: str,
    *,
    contract: str | None = "1.2",
    version: str = "1",
    owner: str = "",
) -> Path:
    """Install a distribution of one module that offers `PLUGIN` under a name.

    Args:
        folder: on somebody's path.
        name: of the plugin.
        code: of the module.
        contract: that it states.
        version: of the distribution.
        owner: the distribution's name, for two that offer one plugin.
    """
    dist = owner or f"dist-{name.replace('_', '-')}"
    module = f"{dist.replace('-', '_')}_module" if owner else f"{name}_plugin"
    groups = {"plangate.plugins": {name: f"{module}:PLUGIN"}}
    if contract is not None:
        groups["plangate.contract"] = {name: contract}
    files = {f"{module}.py": code.encode()}
    wheel = write_wheel(
        folder / "wheels", name=dist, version=version, files=files, entry_points=groups
    )
    return install(wheel, folder)


def _entry_points(groups: Mapping[str, Mapping[str, str]]) -> str:
    return "".join(
        f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in items.items()) + "\n"
        for group, items in groups.items()
    )


def _hash(data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"sha256={digest}"
