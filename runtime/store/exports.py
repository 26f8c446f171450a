"""Read everything of one organization as it stood at one instant, a few rows at a time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.errors import StorageUnavailableError
from runtime.kit.json_value import JsonObject
from runtime.store.approval_votes import ApprovalOverrideRow, ApprovalVoteRow
from runtime.store.approvals import ApprovalRow
from runtime.store.audit_copies import AuditCopyRow, AuditOrphanRow
from runtime.store.audit_heads import AuditHeadRow
from runtime.store.audit_holds import AuditHoldRow
from runtime.store.audit_log import AuditLeafRow, AuditTileRow
from runtime.store.audit_payload_keys import AuditPayloadKeyRow
from runtime.store.audit_settings import AuditSettingsRow
from runtime.store.audit_shipments import AuditAnchorRow
from runtime.store.audit_waiting import AuditTreeRow
from runtime.store.base import Row
from runtime.store.firings import FiringRow
from runtime.store.gates import GateRow
from runtime.store.heads import HeadRow
from runtime.store.hook_deliveries import HookDeliveryRow
from runtime.store.hooks import HookRow, HookSecretRow
from runtime.store.invitations import InvitationRow
from runtime.store.job_queues import JobQueueRow
from runtime.store.jobs import JobRow
from runtime.store.limit_counters import LimitCounterRow
from runtime.store.members import MemberRow
from runtime.store.memberships import MembershipRow
from runtime.store.model_spends import ModelSpendRow, ModelTallyRow
from runtime.store.model_uses import ModelUseRow
from runtime.store.organization_limits import OrganizationLimitsRow
from runtime.store.organizations import OrganizationRow
from runtime.store.outcomes import OutcomeRow
from runtime.store.plugin_switches import PluginSwitchRow
from runtime.store.policies import PolicyActivationRow, PolicyVersionRow
from runtime.store.policy_decisions import PolicyDecisionRow
from runtime.store.policy_units import PolicyUnitRow
from runtime.store.projects import ProjectRow
from runtime.store.records import AuditRecordRow, EventRow
from runtime.store.schedules import ScheduleRow
from runtime.store.session import LOST, Database, tenant
from runtime.store.snapshots import SnapshotRow
from runtime.store.tokens import TokenRow
from runtime.store.versions import VersionRow
from runtime.store.webhook_deliveries import DeliveryAttemptRow, DeliveryRow
from runtime.store.webhook_endpoints import EndpointRow
from runtime.store.webhook_secrets import EndpointSecretRow

FEW_ROWS: Final = 10
MANY_ROWS: Final = 100
EXPORTED: Final[Mapping[type[Row], int]] = MappingProxyType(
    {
        OrganizationRow: MANY_ROWS,
        MemberRow: MANY_ROWS,
        ProjectRow: MANY_ROWS,
        MembershipRow: MANY_ROWS,
        InvitationRow: MANY_ROWS,
        TokenRow: MANY_ROWS,
        HookRow: FEW_ROWS,
        HookSecretRow: MANY_ROWS,
        HookDeliveryRow: MANY_ROWS,
        ScheduleRow: FEW_ROWS,
        FiringRow: MANY_ROWS,
        EndpointRow: MANY_ROWS,
        EndpointSecretRow: MANY_ROWS,
        DeliveryRow: MANY_ROWS,
        DeliveryAttemptRow: MANY_ROWS,
        JobRow: FEW_ROWS,
        JobQueueRow: MANY_ROWS,
        HeadRow: FEW_ROWS,
        VersionRow: MANY_ROWS,
        SnapshotRow: FEW_ROWS,
        OutcomeRow: MANY_ROWS,
        ApprovalRow: MANY_ROWS,
        ApprovalVoteRow: MANY_ROWS,
        ApprovalOverrideRow: MANY_ROWS,
        PluginSwitchRow: MANY_ROWS,
        PolicyVersionRow: FEW_ROWS,
        PolicyActivationRow: MANY_ROWS,
        PolicyUnitRow: FEW_ROWS,
        PolicyDecisionRow: MANY_ROWS,
        OrganizationLimitsRow: MANY_ROWS,
        GateRow: FEW_ROWS,
        LimitCounterRow: MANY_ROWS,
        ModelUseRow: MANY_ROWS,
        ModelTallyRow: MANY_ROWS,
        ModelSpendRow: MANY_ROWS,
        EventRow: MANY_ROWS,
        AuditRecordRow: MANY_ROWS,
        AuditSettingsRow: MANY_ROWS,
        AuditPayloadKeyRow: MANY_ROWS,
        AuditHoldRow: MANY_ROWS,
        AuditTreeRow: MANY_ROWS,
        AuditLeafRow: MANY_ROWS,
        AuditTileRow: MANY_ROWS,
        AuditHeadRow: MANY_ROWS,
        AuditAnchorRow: MANY_ROWS,
        AuditCopyRow: MANY_ROWS,
        AuditOrphanRow: MANY_ROWS,
    }
)
"""What is exported, in this order, and how many rows are in memory at once: states are large."""
SECRET_COLUMNS: Final = frozenset(
    {"claims", "hash", "sealed", "sealed_headers", "sealed_url", "wrapped"}
)

_SET_TENANT: Final = text("select set_config('app.organization_id', :organization, true)")
_WAIT_FOR_READER: Final = text("set local idle_in_transaction_session_timeout = '60s'")


@asynccontextmanager
async def frozen(database: Database, organization_id: str) -> AsyncIterator[AsyncConnection]:
    """Open a transaction that sees one organization as it stands now, and changes nothing.

    Raises:
        TenantContextMissingError: no organization's id was given.
        StorageUnavailableError: the database can't be asked, or the reader kept it waiting.
    """
    organization = tenant(organization_id)
    try:
        async with database.engine.connect() as connection:
            await connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            async with connection.begin():
                await connection.execute(_WAIT_FOR_READER)
                await connection.execute(_SET_TENANT, {"organization": organization})
                yield connection
    except (*LOST, SQLAlchemyError) as error:
        raise StorageUnavailableError(reason=type(error).__name__) from error


async def rows_of(
    connection: AsyncConnection, table: type[Row], *, at_once: int
) -> AsyncGenerator[JsonObject]:
    """Yield the rows of a table in the order of their keys, by a cursor of the server's.

    Columns that hold a hash of a secret are left out, and what an identity provider said of people
    for the time of a session.
    """
    columns = [column for column in table.__table__.columns if column.name not in SECRET_COLUMNS]
    key = list(table.__table__.primary_key)
    asked: Any = select(*columns).order_by(*key).execution_options(yield_per=at_once)
    async with connection.stream(asked) as found:
        async for row in found.mappings():
            yield dict(row)
