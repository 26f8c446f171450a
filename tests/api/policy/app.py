"""Serve the routes of rules over hand-made use cases, for one organization with two projects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI

from runtime.adapters.rego.checker import RegoChecker
from runtime.adapters.rego.process import Caps
from runtime.domain.policy_unit import PolicyModule
from runtime.domain.policy_version import ORGANIZATION_SCOPE
from runtime.kit.clock import SystemClock
from runtime.kit.json_value import JsonObject
from runtime.policies import shipped_modules
from runtime.services.audit.access_refusals import AccessRefusals
from runtime.services.policies.policies import Policies
from runtime.services.tenancy.projects import Projects
from runtime.store.session import Database
from tests.api.app_builder import KnownCallers, TenancyApp, an_app
from tests.audited import access_refusals
from tests.policies import PolicySite, a_policy_site, some_modules

TRIAL_S: Final = 2.5
"""How long a trial may take; shorter than in production, where machines are not as busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyServices:
    """Hold what the routes of rules ask for; stands where production has a `Platform`."""

    access_refusals: AccessRefusals
    authentication: KnownCallers
    policies: Policies
    projects: Projects


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyApp:
    """Hold an app, and what is behind it."""

    site: PolicySite
    served: TenancyApp

    @property
    def app(self) -> FastAPI:
        """Return the app itself."""
        return self.served.app

    @property
    def places(self) -> dict[str, str]:
        """Return where the rules of each scope are."""
        return {
            ORGANIZATION_SCOPE: f"/v1/organizations/{self.site.tenant.id}/policies",
            self.site.first: f"/v1/projects/{self.site.first}/policies",
        }


async def a_policy_app(database: Database) -> PolicyApp:
    """Build an app whose rules are tried by marks, on a database."""
    site = await a_policy_site(database)
    return _served(site, site.world.policies, database=database)


async def a_trying_app(database: Database) -> PolicyApp:
    """Build an app whose rules are tried as in production, in a child process."""
    site = await a_policy_site(database)
    policies = Policies(
        database=database,
        ids=site.tenant.tenancy.ids,
        checker=RegoChecker(Caps(time_s=TRIAL_S)),
        shipped=shipped_modules,
    )
    return _served(site, policies, database=database)


def _served(site: PolicySite, policies: Policies, *, database: Database) -> PolicyApp:
    callers = KnownCallers()
    services = PolicyServices(
        access_refusals=access_refusals(database, SystemClock()),
        authentication=callers,
        policies=policies,
        projects=site.tenant.tenancy.projects,
    )
    served = TenancyApp(app=an_app(services), tenancy=site.tenant.tenancy, callers=callers)
    return PolicyApp(site=site, served=served)


def spelled(modules: tuple[PolicyModule, ...]) -> list[JsonObject]:
    """Spell modules as a request does."""
    return [{"path": module.path, "text": module.text} for module in modules]


def an_upload_body(scope: str = ORGANIZATION_SCOPE, **changes: object) -> JsonObject:
    """Build what uploads rules for a scope."""
    return {"modules": spelled(some_modules(scope)), "note": "first", **changes}


REASON: Final[JsonObject] = {"reason": "as agreed"}
