"""Hold the use cases that organizations have of their audit log."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.services.audit.erasures import Erasures
from runtime.services.audit.exporting import AuditExports
from runtime.services.audit.holds import Holds
from runtime.services.audit.records import AuditRecords
from runtime.services.audit.settings import AuditDemands


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditDesk:
    """Offer them by noun."""

    demands: AuditDemands
    erasures: Erasures
    exports: AuditExports
    holds: Holds
    records: AuditRecords
