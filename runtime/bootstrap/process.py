"""Say as what a process opens the platform: who it is, and who is told of its work."""

from __future__ import annotations

from dataclasses import dataclass, field

from runtime.bootstrap.audit_figures import AuditFigures
from runtime.bootstrap.secret_figures import SecretFigures
from runtime.kit.clock import Clock
from runtime.services.execution.measures import Measures
from runtime.services.jobs.measures import JobMeasures
from runtime.services.jobs.relay import RelayPace
from runtime.services.models.measures import ModelMeasures, UnmeasuredModels


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """Say as what a process opens the platform.

    Attributes:
        clock: the time.
        measures: told what happens.
        job_measures: told what is handed over, and to whom.
        secret_figures: told of secrets that are read.
        audit_figures: told of logs and their copies.
        model_measures: told how models are asked.
        instance: its name in messages about leases.
        pace: of its relay; None for the usual one.
        keeps_going: whether it hands jobs over, takes them from the dead, and listens for what
            comes due; not where it is there for one job.
    """

    clock: Clock
    measures: Measures
    job_measures: JobMeasures
    secret_figures: SecretFigures
    audit_figures: AuditFigures
    instance: str
    pace: RelayPace | None = None
    model_measures: ModelMeasures = field(default_factory=UnmeasuredModels)
    keeps_going: bool = True
