"""Read rules from a folder, as they are pushed, tried and built into bundles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from runtime.client.documents.policies import PolicyLevel, PolicyModuleIn
from runtime.domain.policy_unit import PolicyModule
from runtime.domain.policy_version import ORGANIZATION_SCOPE, PROJECT_FOLDER
from runtime.entrypoints.cli.client import USAGE, CommandError, plain
from runtime.kit.rego_text import RegoTextError, package_of, tokens

MOST_FILES: Final = 1_000
MOST_FILE_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFolder:
    """Hold the modules of a folder, by their paths below it."""

    modules: tuple[PolicyModule, ...]

    @property
    def level(self) -> PolicyLevel:
        """Return whose rules these are, by their packages: `project` or `organization`."""
        levels = {_level(module.text) for module in self.modules}
        return PROJECT_FOLDER if PROJECT_FOLDER in levels else ORGANIZATION_SCOPE

    @property
    def document(self) -> list[PolicyModuleIn]:
        """Return the modules as the API takes them."""
        return [{"path": module.path, "text": module.text} for module in self.modules]


def read_folder(folder: Path) -> PolicyFolder:
    """Read every `.rego` file at or below a folder, but for what is hidden.

    Raises:
        CommandError: there is no such folder, no such file in it, too many, or one is unreadable.
    """
    folder = folder.expanduser()
    if not folder.is_dir():
        raise CommandError(f"{plain(str(folder))} is no folder", exit_code=USAGE)
    found = sorted(path for path in folder.rglob("*.rego") if not _hidden(path, folder))
    if not found or len(found) > MOST_FILES:
        raise CommandError(
            f"{plain(str(folder))} holds {len(found)} files named *.rego, "
            f"expected 1 to {MOST_FILES}",
            exit_code=USAGE,
        )
    return PolicyFolder(modules=tuple(_module(path, folder) for path in found))


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _module(path: Path, folder: Path) -> PolicyModule:
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_FILE_BYTES + 1)
        text = content.decode()
    except OSError as error:
        raise _unreadable(path, str(error.strerror)) from None
    except UnicodeDecodeError:
        raise _unreadable(path, "it is not UTF-8") from None
    if len(content) > MOST_FILE_BYTES:
        raise _unreadable(path, f"it has more than {MOST_FILE_BYTES} bytes")
    return PolicyModule(path=path.relative_to(folder).as_posix(), text=text)


def _unreadable(path: Path, problem: str) -> CommandError:
    return CommandError(f"{plain(str(path))} can't be read: {problem}", exit_code=USAGE)


def _level(text: str) -> str | None:
    """Return the second word of a package, such as `project`; None where there is none."""
    try:
        package = package_of(list(tokens(text))).path
    except RegoTextError:  # whoever tries it, says so
        return None
    return package[1].removesuffix("_test") if len(package) > 1 else None
