"""Build an archive of rules that `opa` reads: the shipped ones with those of a folder.

It is for looking at rules with other tools; what a platform's own servers load is signed, and the
platform serves it. The bytes are a function of the rules.
Source: https://www.openpolicyagent.org/docs/management-bundles
"""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterable
from typing import Final

from runtime.domain.policy_unit import PolicyModule, revision_of
from runtime.domain.policy_version import ORGANIZATION_SCOPE, PROJECT_FOLDER, placed_modules
from runtime.entrypoints.cli.policy_files import PolicyFolder
from runtime.kit.canonical_json import canonical_bytes
from runtime.policies import shipped_modules

ROOTS: Final = ("plangate", "tenant")


def archive_of(folder: PolicyFolder, *, beside: PolicyFolder | None) -> bytes:
    """Return the archive of all modules, tests included."""
    scope = PROJECT_FOLDER if folder.level == PROJECT_FOLDER else ORGANIZATION_SCOPE
    others = () if beside is None else placed_modules(ORGANIZATION_SCOPE, beside.modules)
    return _packed((*shipped_modules(), *others, *placed_modules(scope, folder.modules)))


def _packed(modules: tuple[PolicyModule, ...]) -> bytes:
    manifest = {"revision": revision_of(modules), "roots": list(ROOTS), "rego_version": 1}
    files = [(".manifest", canonical_bytes(manifest))]
    files += [(module.path, module.text.encode()) for module in modules]
    return gzip.compress(_tar(files), mtime=0)


def _tar(files: Iterable[tuple[str, bytes]]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(data))
    return content.getvalue()
