"""Name what an execution asks for and what it is answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from runtime.domain.job import AttemptEnd
from runtime.domain.plan import Plan
from runtime.domain.principal import Principal
from runtime.domain.state import State
from runtime.services.context import RequestKey


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnd:
    """Say that a job ends in the commit of what it has executed.

    Attributes:
        job_id: names it.
        worker: whose attempt it must still be.
        told: returns how the attempt ends, from the outcome's document; pure, and asked again when
            the execution is judged anew.
    """

    job_id: str
    worker: str
    told: Callable[[str], AttemptEnd]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposer:
    """Name who proposed a plan, as gates name it.

    Attributes:
        model: its identity.
        prompt: version of the prompt, or version and digest.
    """

    model: str
    prompt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """Ask for a plan to be executed in a project.

    Attributes:
        outcome_id: the id that its outcome will have; stays the same however often it is tried.
        principal: who asks, in that project.
        credential_id: with which credential.
        confirms: the digest of the plan that the principal confirmed, if they did.
        approval: the id of the request by which others approved it, if they did.
        proposer: the model that proposed it, as the platform saw itself; None: nobody knows.
        gate: the id of the gate by which it passed, as its caller says; a proposer goes before it.
        expects: the version that the state must have; None for any.
        atomic: all steps or none.
        key: what a repetition is recognised by.
        ends: the job that it is made for, which ends in its commit; None: it is made for none.
    """

    outcome_id: str
    plan: Plan
    principal: Principal
    credential_id: str
    confirms: str | None = None
    approval: str | None = None
    proposer: Proposer | None = None
    gate: str | None = None
    expects: int | None = None
    atomic: bool = False
    key: RequestKey | None = None
    ends: JobEnd | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversion:
    """Ask for an earlier state to become the newest version; nothing of the history goes.

    Attributes:
        outcome_id: names this reversion, however often it is tried.
        target: the state to return to, with the version that it had.
        expects: the version that the state must have now; None for any.
        key: what a repetition is recognised by.
    """

    outcome_id: str
    target: State
    principal: Principal
    credential_id: str
    expects: int | None = None
    key: RequestKey | None = None


Change: TypeAlias = Execution | Reversion
"""What waits in a project's line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """Answer a change with what came of it.

    Attributes:
        document: the outcome as JSON text, as it is stored.
        version: the version of the state that it left.
        digest: the hash of that state.
        replayed: it had been executed before, under the same key.
    """

    document: str
    version: int
    digest: str
    replayed: bool = False
