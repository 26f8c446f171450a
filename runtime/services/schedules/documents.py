"""Spell schedules and their firings as callers read them."""

from __future__ import annotations

from datetime import datetime

from runtime.domain.schedule import Firing, Schedule
from runtime.kit.json_value import JsonObject
from runtime.services.documents import spelled_instant


def schedule_document(schedule: Schedule) -> JsonObject:
    """Spell a schedule; while it is paused, nothing comes next."""
    return {
        "id": schedule.id,
        "project": schedule.project_id,
        "name": schedule.name,
        "cron": schedule.timing.cron.text,
        "zone": schedule.timing.zone,
        "jitter_s": schedule.jitter_s,
        "catch_up": schedule.catch_up.value,
        "plan": schedule.plan.document(),
        "atomic": schedule.atomic,
        "principal": schedule.principal_id,
        "created_at": spelled_instant(schedule.created_at),
        "created_by": schedule.created_by,
        "paused_at": _spelled_or_none(schedule.paused_at),
        "next_at": None if schedule.paused_at else spelled_instant(schedule.next_at),
    }


def firing_document(firing: Firing) -> JsonObject:
    """Spell a firing."""
    return {
        "id": firing.id,
        "schedule": firing.schedule_id,
        "instant": spelled_instant(firing.instant),
        "status": firing.status.value,
        "tries": firing.tries,
        "outcome": firing.outcome_id,
        "reason": firing.reason,
        "created_at": spelled_instant(firing.created_at),
        "ended_at": _spelled_or_none(firing.ended_at),
    }


def _spelled_or_none(instant: datetime | None) -> str | None:
    return None if instant is None else spelled_instant(instant)
