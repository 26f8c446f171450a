"""Hold the modules that are asked together: the shipped rules and those of one tenant.

A revision is the digest of the modules, so equal revisions give equal answers for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from runtime.kit.canonical_json import digest

ENTRYPOINT: Final = "data.plangate.decision"
"""The rule that is asked."""
BASE: Final = "base"
"""The key of a unit without rules of a project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyModule:
    """Hold one file of Rego; paths are relative, such as `organization/refunds.rego`."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyUnit:
    """Hold what is asked about the steps of a project.

    Attributes:
        organization_id: whose.
        key: the project's id where it has rules of its own, else `BASE`.
        number: the newest activation that is in it; grows with every change of the organization's
            rules and those of its projects; 0 where only the shipped rules hold.
        revision: the digest of the modules.
        modules: the shipped ones, then the organization's, then the project's.
    """

    organization_id: str
    key: str
    number: int
    revision: str
    modules: tuple[PolicyModule, ...]


def unit_of(
    modules: tuple[PolicyModule, ...], *, organization_id: str, key: str = BASE, number: int = 0
) -> PolicyUnit:
    """Put modules together."""
    return PolicyUnit(
        organization_id=organization_id,
        key=key,
        number=number,
        revision=revision_of(modules),
        modules=modules,
    )


def revision_of(modules: tuple[PolicyModule, ...]) -> str:
    """Return the digest of modules."""
    return digest([[module.path, module.text] for module in modules])
