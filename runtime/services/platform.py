"""Hold every use case of the platform, wired; the bootstrap makes one a process."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.services.access import Access
from runtime.services.approvals import Approvals
from runtime.services.authentication import Authentication
from runtime.services.bundles import Bundles
from runtime.services.environments import Environments
from runtime.services.exports import Exports
from runtime.services.invitations import Invitations
from runtime.services.members import Members
from runtime.services.memberships import Memberships
from runtime.services.organizations import Organizations
from runtime.services.outcomes import Outcomes
from runtime.services.plans import Plans
from runtime.services.policies import Policies
from runtime.services.policy_replays import PolicyReplays
from runtime.services.projects import Projects
from runtime.services.registries import Registries
from runtime.services.sessions import Sessions
from runtime.services.states import States
from runtime.services.tokens import Tokens
from runtime.services.usages import Usages


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """Offer the use cases by noun."""

    access: Access
    approvals: Approvals
    authentication: Authentication
    bundles: Bundles
    environments: Environments
    exports: Exports
    invitations: Invitations
    members: Members
    memberships: Memberships
    organizations: Organizations
    outcomes: Outcomes
    plans: Plans
    policies: Policies
    policy_replays: PolicyReplays
    projects: Projects
    registries: Registries
    sessions: Sessions
    states: States
    tokens: Tokens
    usages: Usages
