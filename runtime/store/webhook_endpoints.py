"""Keep the endpoints of outbound webhooks, and how well they take what is sent to them."""

from __future__ import annotations

from typing import Any, Final

import orjson
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Select,
    Text,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy import Row as Found
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.errors import NameTakenError
from runtime.domain.webhook import (
    Endpoint,
    EndpointFilter,
    EndpointStatus,
    PayloadForm,
    WebhookFormat,
)
from runtime.kit.canonical_json import canonical_text
from runtime.store.base import Id, Instant, Row, of_project
from runtime.store.conflicts import broken_constraint

_NAME: Final = "webhook_endpoints_name"


class EndpointRow(Row):
    """An address of others that hears of events; `webhook_lanes` says who sends to it."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        of_project(),
        CheckConstraint("form in ('full', 'thin')", name="form_check"),
        CheckConstraint(
            "format in ('standard', 'cloudevents', 'slack', 'teams')", name="format_check"
        ),
        CheckConstraint("at_once between 1 and 64", name="at_once_check"),
        CheckConstraint("per_minute between 1 and 600000", name="per_minute_check"),
        CheckConstraint("status in ('enabled', 'disabled', 'failed')", name="status_check"),
        Index(
            _NAME,
            "organization_id",
            "project_id",
            "name",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index(
            "webhook_endpoints_enabled",
            "organization_id",
            postgresql_where=text("status = 'enabled'"),
        ),
    )

    organization_id: Mapped[Id] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id | None]
    name: Mapped[str] = mapped_column(Text)
    sealed_url: Mapped[bytes] = mapped_column(LargeBinary)
    shown_url: Mapped[str] = mapped_column(Text)
    sealed_headers: Mapped[bytes | None] = mapped_column(LargeBinary)
    header_names: Mapped[str] = mapped_column(Text)
    filter: Mapped[str] = mapped_column(Text)
    form: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(Text)
    at_once: Mapped[int] = mapped_column(BigInteger)
    per_minute: Mapped[int | None] = mapped_column(BigInteger)
    ordered: Mapped[bool]
    status: Mapped[str] = mapped_column(Text)
    status_reason: Mapped[str | None] = mapped_column(Text)
    failing_since: Mapped[Instant | None]
    failures: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[Instant]
    created_by: Mapped[Id]
    updated_at: Mapped[Instant]


async def add_endpoint(connection: AsyncConnection, endpoint: Endpoint) -> None:
    """Store a new endpoint; `webhook_lanes.make_lane` has to follow in the same transaction.

    Raises:
        NameTakenError: there is one of that name; the transaction is of no more use.
    """
    addition = insert(EndpointRow).values(
        organization_id=endpoint.organization_id,
        id=endpoint.id,
        project_id=endpoint.project_id,
        created_at=endpoint.created_at,
        created_by=endpoint.created_by,
        **_changeable(endpoint),
    )
    await _named_once(connection, addition, name=endpoint.name)


async def change_endpoint(connection: AsyncConnection, endpoint: Endpoint) -> None:
    """Store what may change of an endpoint, status and health included; hold it first.

    Whoever sends to it sees it with the next deliveries; `webhook_lanes.wake_lane` makes that now.

    Raises:
        NameTakenError: another one has that name; the transaction is of no more use.
    """
    change = (
        update(EndpointRow).where(EndpointRow.id == endpoint.id).values(**_changeable(endpoint))
    )
    await _named_once(connection, change, name=endpoint.name)


async def remove_endpoint(connection: AsyncConnection, endpoint_id: str) -> None:
    """Forget an endpoint, its secrets, deliveries and attempts; `drop_lane` has to follow."""
    await connection.execute(delete(EndpointRow).where(EndpointRow.id == endpoint_id))


async def find_endpoint(connection: AsyncConnection, endpoint_id: str) -> Endpoint | None:
    """Return an endpoint of the transaction's organization."""
    asked = _endpoints().where(EndpointRow.id == endpoint_id).limit(1)
    return _first((await connection.execute(asked)).first())


async def held_endpoint(connection: AsyncConnection, endpoint_id: str) -> Endpoint | None:
    """Return an endpoint that this transaction is about to change (`for no key update`)."""
    asked = _endpoints().where(EndpointRow.id == endpoint_id).limit(1)
    return _first((await connection.execute(asked.with_for_update(key_share=True))).first())


async def endpoints_after(
    connection: AsyncConnection, after: str | None, *, limit: int, project_id: str | None
) -> tuple[Endpoint, ...]:
    """Return endpoints in the order of their ids: of a project, or None: of the organization."""
    row = EndpointRow
    asked = _endpoints().where(row.project_id.is_not_distinct_from(project_id))
    if after is not None:
        asked = asked.where(row.id > after)
    return tuple(map(_endpoint, await connection.execute(asked.order_by(row.id).limit(limit))))


async def enabled_endpoints(connection: AsyncConnection, *, limit: int) -> tuple[Endpoint, ...]:
    """Return those of the transaction's organization that are sent to."""
    row = EndpointRow
    asked = _endpoints().where(row.status == EndpointStatus.ENABLED.value).order_by(row.id)
    return tuple(map(_endpoint, await connection.execute(asked.limit(limit))))


async def count_endpoints(connection: AsyncConnection) -> int:
    """Return how many endpoints the organization has, those of its projects included."""
    asked = select(func.count()).select_from(EndpointRow)
    return int((await connection.execute(asked)).scalar_one())


async def _named_once(connection: AsyncConnection, statement: Any, *, name: str) -> None:  # noqa: ANN401  # an insert or an update
    try:
        await connection.execute(statement)
    except IntegrityError as error:
        if broken_constraint(error) != _NAME:
            raise
        raise NameTakenError(kind="webhook", name=name) from None


def _changeable(endpoint: Endpoint) -> dict[str, Any]:
    wanted = endpoint.filter
    return {
        "name": endpoint.name,
        "sealed_url": endpoint.sealed_url,
        "shown_url": endpoint.shown_url,
        "sealed_headers": endpoint.sealed_headers,
        "header_names": canonical_text(list(endpoint.header_names)),
        "filter": canonical_text(
            {
                "types": list(wanted.types),
                "projects": list(wanted.projects),
                "condition": wanted.condition,
            }
        ),
        "form": endpoint.form.value,
        "format": endpoint.format.value,
        "at_once": endpoint.at_once,
        "per_minute": endpoint.per_minute,
        "ordered": endpoint.ordered,
        "status": endpoint.status.value,
        "status_reason": endpoint.status_reason,
        "failing_since": endpoint.failing_since,
        "failures": endpoint.failures,
        "updated_at": endpoint.updated_at,
    }


def _endpoints() -> Select[*tuple[Any, ...]]:
    return select(*EndpointRow.__table__.columns)


def _first(row: Found[*tuple[Any, ...]] | None) -> Endpoint | None:
    return None if row is None else _endpoint(row)


def _endpoint(row: Found[*tuple[Any, ...]]) -> Endpoint:
    return Endpoint(
        id=row.id,
        organization_id=row.organization_id,
        project_id=row.project_id,
        name=row.name,
        sealed_url=row.sealed_url,
        shown_url=row.shown_url,
        sealed_headers=row.sealed_headers,
        header_names=tuple(orjson.loads(row.header_names)),
        filter=_filter(row.filter),
        form=PayloadForm(row.form),
        format=WebhookFormat(row.format),
        at_once=row.at_once,
        per_minute=row.per_minute,
        ordered=row.ordered,
        status=EndpointStatus(row.status),
        status_reason=row.status_reason,
        failing_since=row.failing_since,
        failures=row.failures,
        created_at=row.created_at,
        created_by=row.created_by,
        updated_at=row.updated_at,
    )


def _filter(document: str) -> EndpointFilter:
    found = orjson.loads(document)
    return EndpointFilter(
        types=tuple(found.get("types", ())),
        projects=tuple(found.get("projects", ())),
        condition=found.get("condition", ""),
    )
