"""Open what `plangate dev` serves from: a database and a Redis, its own unless others are named.

Importing this must stay quick: the servers start while the rest of the platform is being loaded.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote, urlsplit

from runtime.adapters.embedded.postgres import EmbeddedPostgres
from runtime.adapters.embedded.redis import EmbeddedRedis
from runtime.adapters.embedded.server import EmbeddedServer
from runtime.bootstrap.dev_folder import ServiceKeys
from runtime.domain.errors import EmbeddedServerError
from runtime.settings import (
    DATABASE_URL,
    LOG_LEVEL,
    MIGRATION_URL,
    OPERATOR_TOKEN,
    REDIS_URL,
    TOKEN_KEYS,
)
from runtime.settings.audit import AUDIT_KEYS, AUDIT_SINKS
from runtime.settings.graphql import ANY as ANY_DOCUMENT
from runtime.settings.graphql import MODE as GRAPHQL_MODE
from runtime.settings.models import CHAT_MODEL
from runtime.settings.plugins import PLUGINS
from runtime.settings.service import EVALUATIONS, MODEL

APP_ROLE: Final = "plangate_app"
POSTGRES: Final = "Postgres"
REDIS: Final = "Redis"
PASSWORDS: Final = "secrets.json"  # of the embedded servers


OFFLINE_MODEL: Final = "plangate/keyword"
"""What a conversation asks where no model is named: it matches words, and needs no key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backing:
    """Hold what a development service stands on.

    Attributes:
        database_url: Postgres under the app's role.
        owner_url: the same under the role that migrates; None: it is another's to migrate.
        embedded: the servers that were started for it, by name.
    """

    database_url: str = field(repr=False)
    owner_url: str | None = field(repr=False)
    redis_url: str = field(repr=False)
    embedded: Mapping[str, EmbeddedServer]

    @property
    def failure(self) -> EmbeddedServerError | None:
        """Return why one of the servers is not kept running any more, if that is so."""
        failures = (server.failure for server in self.embedded.values())
        return next((failure for failure in failures if failure is not None), None)

    def variables(
        self, told: Mapping[str, str], keys: ServiceKeys, *, copies: Path, evaluations: Path
    ) -> Mapping[str, str]:
        """Return what the service has to be told; what a person set stays as it is.

        Args:
            told: the environment.
            keys: of the folder.
            copies: the folder where copies of audit records go.
            evaluations: the folder in which organizations have their runs.
        """
        ours = {
            DATABASE_URL: self.database_url,
            REDIS_URL: self.redis_url,
            TOKEN_KEYS: keys.token_key,
            OPERATOR_TOKEN: keys.operator_token,
            GRAPHQL_MODE: ANY_DOCUMENT,
            LOG_LEVEL: "warning",
            AUDIT_KEYS: _audit_seed(keys),
            AUDIT_SINKS: f"file://{copies}",
            EVALUATIONS: str(evaluations),
            PLUGINS: "*",
            CHAT_MODEL: told.get(MODEL) or OFFLINE_MODEL,
        }
        return MappingProxyType(ours | {name: told[name] for name in ours if name in told})


def _audit_seed(keys: ServiceKeys) -> str:
    """Return the seed of the folder's signatures: made of its own key, so that it lasts as long."""
    return hmac.digest(keys.token_key.encode(), b"plangate/dev/audit/1", hashlib.sha256).hex()


@contextmanager
def open_backing(told: Mapping[str, str], folder: Path) -> Iterator[Backing]:
    """Start the servers that no variable names, and stop them when the block ends.

    Args:
        told: the environment.
        folder: where the servers keep their data.

    Raises:
        EmbeddedFolderBusyError: another process runs a server of this folder.
        EmbeddedServerError: one can't be started, or left something running.
    """
    with ExitStack() as stack:
        embedded = dict[str, EmbeddedServer]()
        database_url, owner_url = told.get(DATABASE_URL), told.get(MIGRATION_URL)
        if database_url is None:
            postgres = stack.enter_context(EmbeddedPostgres.started(folder))
            embedded[POSTGRES] = postgres
            database_url, owner_url = postgres.url(role="app"), postgres.url(role="owner")
        redis_url = told.get(REDIS_URL)
        if redis_url is None:
            redis = stack.enter_context(EmbeddedRedis.started(folder))
            embedded[REDIS] = redis
            redis_url = redis.url()
        yield Backing(
            database_url=database_url,
            owner_url=owner_url,
            redis_url=redis_url,
            embedded=embedded,
        )


def prepare_database(backing: Backing) -> None:
    """Migrate the database if that is ours to do, and see that it can be served from.

    Raises:
        SchemaError: it can't be migrated as things stand.
        SchemaMismatchError: it is at another revision than this code needs.
        UnsafeRoleError: the app's role may do more than an app may.
        StorageUnavailableError: nobody answers there.
    """
    # Loaded late, because it takes longer than the servers take to start.
    from runtime.bootstrap.platform import check_database  # noqa: PLC0415
    from runtime.store import schema  # noqa: PLC0415

    async def prepared() -> None:
        if backing.owner_url is not None:
            role = unquote(urlsplit(backing.database_url).username or APP_ROLE)
            await schema.upgrade(backing.owner_url, app_role=role)
        await check_database(backing.database_url)

    asyncio.run(prepared())


def shown_address(url: str) -> str:
    """Return where a server is, without who logs in there and how.

    >>> shown_address("postgresql://app:secret@127.0.0.1:5432/plangate?sslmode=require")
    'postgresql://127.0.0.1:5432/plangate'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
