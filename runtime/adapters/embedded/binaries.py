"""Find the servers' binaries in their wheels, without importing the wheels' own packages.

Those imports look for servers to manage, and for signals and exits to handle.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from runtime.adapters.embedded.account import Account
from runtime.domain.errors import EmbeddedServerError


def wheel_folder(package: str, *, distribution: str, server: str) -> Path:
    """Return where a package is installed.

    Raises:
        EmbeddedServerError: If it isn't.
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise EmbeddedServerError(
            server=server,
            problem=f"its binaries are not installed (no package '{package}')",
            advice=f"run `pip install {distribution}`",
        )
    return Path(spec.origin).resolve().parent


def usable_binary(wheel: Path, name: str, *, account: Account | None, server: str) -> Path:
    """Return a binary that the account can run: the wheel's own, or that of a copy of the wheel.

    A wheel below a home that only its owner can enter is copied, once for each version, to the
    system's temporary folder.

    Args:
        wheel: the folder of the package.
        name: the file below it; what it needs is below the first folder of this path.
        account: whom the server runs as; nothing if that is us.
        server: the server's name, for the error.

    Raises:
        EmbeddedServerError: If there is no such file, or no place for a copy.
    """
    binary = wheel / name
    if not binary.is_file():
        raise EmbeddedServerError(
            server=server,
            problem=f"its wheel has no {binary}",
            advice="this platform's wheel lacks it: use a server of your own instead",
        )
    if account is None or _can_run(binary, account):
        return binary
    copy = _copied(wheel, part=Path(name).parts[0], server=server) / name
    if not _can_run(copy, account):
        raise EmbeddedServerError(
            server=server,
            problem=f"user {account.user} can enter neither {binary.parent} nor {copy.parent}",
            advice="install into a folder that everybody can enter, or don't run as root",
        )
    return copy


def _can_run(file: Path, account: Account) -> bool:
    folders_open = all(_may(folder, account, "x") for folder in file.parents)
    return folders_open and _may(file, account, "r") and _may(file, account, "x")


def _may(path: Path, account: Account, right: str) -> bool:
    """Judge by the mode: rights given by access lists count as not given."""
    found = path.stat()
    shift = 6 if found.st_uid == account.user else 3 if found.st_gid == account.group else 0
    return bool(found.st_mode >> shift & {"r": 4, "x": 1}[right])


def _copied(wheel: Path, *, part: str, server: str) -> Path:
    """Return the package's folder in a copy that everybody can read and only we can change."""
    changed = wheel.stat().st_mtime_ns
    key = sha256(f"{wheel}:{changed}".encode()).hexdigest()[:16]
    target = Path(tempfile.gettempdir()) / f"plangate-{server}-{key}"
    if not target.exists():
        _copy({wheel / part: f"{wheel.name}/{part}"} | _libraries(wheel), target, server=server)
    found = target.lstat()
    if found.st_uid != os.geteuid() or not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o022:
        raise EmbeddedServerError(
            server=server,
            problem=f"{target} should hold a copy of its binaries, but is not ours alone",
            advice="remove it",
        )
    return target / wheel.name


def _libraries(wheel: Path) -> dict[Path, str]:
    """Name the shared libraries that the binaries look for beside their package."""
    folder = wheel.with_name(f"{wheel.name}.libs")
    return {folder: folder.name} if folder.is_dir() else {}


def _copy(folders: Mapping[Path, str], target: Path, *, server: str) -> None:
    draft = Path(tempfile.mkdtemp(prefix=f"{target.name}-", dir=target.parent))
    try:
        for folder, name in folders.items():
            shutil.copytree(folder, draft / name, copy_function=_copy_readable)
        for made, _, _ in os.walk(draft):
            Path(made).chmod(0o755)
        draft.rename(target)
    except OSError as error:
        if not target.exists():  # else another starter was faster
            raise EmbeddedServerError(
                server=server,
                problem=f"its binaries can't be copied to {target}: {error.strerror}",
                advice="make room there, or don't run as root",
            ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _copy_readable(source: str, target: str) -> str:
    shutil.copyfile(source, target)
    Path(target).chmod(0o755)
    return target
