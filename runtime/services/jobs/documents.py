"""Spell jobs as callers read them: how they stand and what came of them, never what they carry."""

from __future__ import annotations

from datetime import datetime

from runtime.domain.job import Job
from runtime.kit.canonical_json import parse
from runtime.kit.json_value import JsonObject
from runtime.services.documents import spelled_instant


def job_summary(job: Job) -> JsonObject:
    """Spell a job without what came of it."""
    return {
        "id": job.id,
        "project": job.project_id,
        "kind": job.kind.value,
        "name": job.name,
        "status": job.status.value,
        "principal": job.principal_id,
        "outcome": job.outcome_id,
        "step": job.step,
        "priority": job.priority,
        "serial_key": job.serial_key,
        "attempts": job.attempt,
        "errors": job.errors,
        "crashes": job.crashes,
        "cause": None if job.cause is None else job.cause.value,
        "reason": job.reason,
        "created_at": spelled_instant(job.created_at),
        "not_before": spelled_instant(job.not_before),
        "started_at": _spelled_or_none(job.started_at),
        "ended_at": _spelled_or_none(job.ended_at),
        "cancel_asked_at": _spelled_or_none(job.cancel_asked_at),
    }


def job_document(job: Job) -> JsonObject:
    """Spell a job with what came of it."""
    return {**job_summary(job), "result": None if job.result is None else parse(job.result)}


def _spelled_or_none(instant: datetime | None) -> str | None:
    return None if instant is None else spelled_instant(instant)
