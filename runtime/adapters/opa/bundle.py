"""Build what an OPA loads of an organization: each unit in a scope of its own, all of it signed.

The bytes are a function of the arguments (a signature by ES256 apart, which is a new one each
time). Source: OPA's bundle format, https://www.openpolicyagent.org/docs/management-bundles
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from runtime.adapters.opa.archive import MANIFEST, signed_archive
from runtime.adapters.opa.signing import BundleSigner
from runtime.domain.policy_unit import ENTRYPOINT, PolicyUnit
from runtime.kit.canonical_json import canonical_bytes, canonical_text, digest
from runtime.kit.rego_scope import may_name, scoped

METADATA: Final = "plangate"
"""The key of our own words in a bundle's metadata."""

_SCOPES: Final = "scopes"
_BATCH: Final = "batch"
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9]+")


def bundle_bytes(
    units: Sequence[PolicyUnit],
    *,
    organization_id: str,
    built_at: datetime,
    signer: BundleSigner,
) -> bytes:
    """Return the archive with the units of an organization.

    Args:
        units: at least one; each key once.
        organization_id: whose; nobody else's unit is taken.
        built_at: from when on the units are known to be the current ones; evaluators measure
            the age of answers by it.
        signer: by whose key.

    Raises:
        ValueError: If a unit is somebody else's, comes twice or has a key that is no name, if
            there is none, or if `built_at` has no zone.
        RegoTextError: If a module refers to what is outside of its unit.
    """
    _check(units, organization_id)
    files = {MANIFEST: _manifest(units, organization_id=organization_id, built_at=built_at)}
    for unit in units:
        files |= _unit_files(unit, built_at=built_at)
    return signed_archive(files, issued_at=built_at, signer=signer)


def bundle_revision(units: Sequence[PolicyUnit]) -> str:
    """Return `<number>:<digest>`; the number grows with each activation, built or not.

    >>> from runtime.domain.policy_unit import unit_of
    >>> bundle_revision([unit_of((), organization_id="org_1", number=7)]).partition(":")[0]
    '7'
    """
    listed = sorted([unit.key, unit.number, unit.revision] for unit in units)
    return f"{max((unit.number for unit in units), default=0)}:{digest(listed)}"


def bundle_etag(units: Sequence[PolicyUnit], *, built_at: datetime, signer: BundleSigner) -> str:
    """Return the ETag of a bundle without building it; it is weak, as ES256 never signs alike."""
    seen = [bundle_revision(units), instant(built_at), signer.algorithm.value, signer.key_id]
    return f'W/"{digest([*seen, signer.scope]).removeprefix("sha256:")}"'


def batch_path(organization_id: str, key: str) -> tuple[str, ...]:
    """Return where in OPA's data the answers of a unit are; the words of a path."""
    return (_SCOPES, organization_id, key, _BATCH, "answer")


def instant(moment: datetime) -> str:
    """Spell an instant as the bundle does: in UTC, to the second.

    Raises:
        ValueError: If it has no zone.

    >>> instant(datetime(2026, 1, 1, tzinfo=UTC))
    '2026-01-01T00:00:00+00:00'
    """
    if moment.tzinfo is None:
        raise ValueError(f"the instant is {moment.isoformat()}, expected one with its zone")
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _check(units: Sequence[PolicyUnit], organization_id: str) -> None:
    keys = [unit.key for unit in units]
    strangers = {unit.organization_id for unit in units} - {organization_id}
    if not units or strangers or len(set(keys)) < len(keys):
        raise ValueError(
            f"units are {', '.join(keys) or 'none'} with {len(strangers)} other organizations', "
            f"expected at least one, each once, of {organization_id}"
        )
    if not all(map(may_name, [organization_id, *keys])):
        raise ValueError("the organization or a unit is called what can't name a package")


def _manifest(units: Sequence[PolicyUnit], *, organization_id: str, built_at: datetime) -> bytes:
    ours = {"built_at": instant(built_at), "organization": organization_id}
    return canonical_bytes(
        {
            "revision": bundle_revision(units),
            "roots": [f"{_SCOPES}/{organization_id}"],
            "rego_version": 1,
            "metadata": {METADATA: ours},
        }
    )


def _unit_files(unit: PolicyUnit, *, built_at: datetime) -> dict[str, bytes]:
    """Return a unit's files by name: its modules, and the one that answers for many inputs."""
    scope = (_SCOPES, unit.organization_id, unit.key)
    files = {
        _file_name(scope, f"{index:03}_{module.path}"): scoped(module.text, scope=scope).encode()
        for index, module in enumerate(unit.modules)
    }
    files[_file_name(scope, _BATCH)] = _batch_module(unit, built_at=built_at).encode()
    return files


def _file_name(scope: tuple[str, ...], words: str) -> str:
    """Return a name that OPA takes for nothing but Rego, whatever a tenant called it."""
    plain = _UNSAFE.sub("_", words.removesuffix(".rego"))
    return "/".join([*scope, f"{plain}.rego"])


def _batch_module(unit: PolicyUnit, *, built_at: datetime) -> str:
    scope = f"{_SCOPES}.{unit.organization_id}.{unit.key}"
    asked = f"data.{scope}.{ENTRYPOINT.removeprefix('data.')}"
    return f"""package {scope}.{_BATCH}

answer := {{
	"number": {unit.number},
	"revision": {canonical_text(unit.revision)},
	"built_at": {canonical_text(instant(built_at))},
	"asked": count(input.steps),
	"decisions": decisions,
}}

decisions := [[i, d] | some i, step in input.steps; d := {asked} with input as step]
"""
