"""Open what rules take: the engine that decides, and what keeps, tries, replays and serves them.

An OPA server decides where one is named; else an engine of our own does, in child processes, which
tries rules and replays decisions in any case.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

from runtime.bootstrap.ending import when_told_to_end
from runtime.kit.clock import Clock
from runtime.policies import shipped_modules
from runtime.ports.policy import PolicyChecker, PolicyEvaluator
from runtime.services.context import Ids
from runtime.services.execution.decisions import Decisions
from runtime.services.identity.access import Access
from runtime.services.policies.bundle_maker import BundleMaker
from runtime.services.policies.bundles import Bundles
from runtime.services.policies.policies import Policies
from runtime.services.policies.replays import PolicyReplays
from runtime.services.policies.trials import Trials
from runtime.services.policies.units import PolicyUnits
from runtime.services.policies.what_if import WhatIf
from runtime.settings import RulesSettings
from runtime.store.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Hold what is open: the engine that decides, and the use cases around it."""

    evaluator: PolicyEvaluator
    decisions: Decisions
    policies: Policies
    policy_replays: PolicyReplays
    bundles: Bundles


def open_rules(
    settings: RulesSettings,
    *,
    database: Database,
    clock: Clock,
    access: Access,
    stack: AsyncExitStack,
) -> Rules:
    """Open it all; the stack closes it."""
    evaluator = open_evaluator(settings, clock=clock)
    stack.push_async_callback(evaluator.close)
    replaying = embedded_evaluator(workers=1)
    stack.push_async_callback(replaying.close)
    checker = policy_checker()
    bundles = Bundles(
        database=database, clock=clock, shipped=shipped_modules, maker=bundle_maker(settings)
    )
    stack.callback(bundles.close)
    stack.enter_context(when_told_to_end(bundles.close))
    return Rules(
        evaluator=evaluator,
        decisions=Decisions(
            evaluator=evaluator,
            units=PolicyUnits(database=database, clock=clock, shipped=shipped_modules),
        ),
        policies=Policies(
            database=database,
            ids=Ids(clock),
            checker=checker,
            shipped=shipped_modules,
            tell=bundles.watch.tell,
        ),
        policy_replays=PolicyReplays(
            database=database,
            ids=Ids(clock),
            access=access,
            trials=Trials(checker=checker, shipped=shipped_modules),
            what_if=WhatIf(database=database, evaluator=replaying, shipped=shipped_modules),
        ),
        bundles=bundles,
    )


def open_evaluator(settings: RulesSettings, *, clock: Clock) -> PolicyEvaluator:
    """Return what decides about executions."""
    if settings.opa_url is None:
        return embedded_evaluator()
    from runtime.adapters.opa.evaluator import OpaEvaluator  # noqa: PLC0415  # takes a client

    return OpaEvaluator(
        settings.opa_url,
        clock=clock,
        token=None if settings.opa_token is None else settings.opa_token.get_secret_value(),
        timeout_s=settings.opa_timeout_s,
        max_age=timedelta(seconds=settings.opa_max_age_s),
    )


def embedded_evaluator(*, workers: int = 2) -> PolicyEvaluator:
    """Return an engine in child processes, which start when they are first asked."""
    from runtime.adapters.rego.evaluator import RegoEvaluator  # noqa: PLC0415  # as above

    return RegoEvaluator(workers=workers)


def policy_checker() -> PolicyChecker:
    """Return what compiles and tests rules, in child processes as well."""
    from runtime.adapters.rego.checker import RegoChecker  # noqa: PLC0415  # as above

    return RegoChecker()


def bundle_maker(settings: RulesSettings) -> BundleMaker | None:
    """Return what makes bundles for OPA servers; None where no key signs them.

    Raises:
        SettingsError: the key can't be read, or signs nothing.
    """
    if settings.bundle_key is None and settings.bundle_key_file is None:
        return None
    from runtime.adapters.opa.bundle import bundle_bytes, bundle_etag  # noqa: PLC0415  # as above
    from runtime.adapters.opa.discovery import (  # noqa: PLC0415
        discovery_bytes,
        discovery_etag,
    )
    from runtime.bootstrap.bundle_keys import bundle_signer  # noqa: PLC0415

    signer = bundle_signer(settings)
    return BundleMaker(
        content=lambda units, organization_id, built_at: bundle_bytes(
            units, organization_id=organization_id, built_at=built_at, signer=signer
        ),
        etag=lambda units, built_at: bundle_etag(units, built_at=built_at, signer=signer),
        discovery=lambda organization_ids, now: discovery_bytes(
            organization_ids, issued_at=now, signer=signer
        ),
        discovery_etag=lambda organization_ids: discovery_etag(organization_ids, signer=signer),
    )
