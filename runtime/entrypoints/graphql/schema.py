"""Build the schema; `python -m tests.docs.renew_sdl` writes docs/schema.graphql from it."""

from __future__ import annotations

from typing import Final

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from runtime.entrypoints.graphql.governance import AuditRecord
from runtime.entrypoints.graphql.history import Outcome, Project
from runtime.entrypoints.graphql.mutations import Mutation
from runtime.entrypoints.graphql.people import Member, Organization
from runtime.entrypoints.graphql.queries import Query
from runtime.entrypoints.graphql.scalars import SCALARS
from runtime.entrypoints.graphql.subscriptions import Subscription
from runtime.entrypoints.graphql.wiring import Hook, Webhook
from runtime.entrypoints.graphql.work import Approval, Job, Schedule

NODES: Final = (
    Approval,
    AuditRecord,
    Hook,
    Job,
    Member,
    Organization,
    Outcome,
    Project,
    Schedule,
    Webhook,
)

_BUILT: Final = strawberry.Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=NODES,
    config=StrawberryConfig(scalar_map=SCALARS),
)
SCHEMA: Final[GraphQLSchema] = _BUILT._schema  # noqa: SLF001  # documents are executed by graphql-core


def schema_text() -> str:
    """Return the schema in its own language."""
    return _BUILT.as_str() + "\n"
