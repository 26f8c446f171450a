"""Give the attacks a database in which two organizations have the same rows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.abuse.tenancy.attacks import seed_two
from tests.database import DatabaseServer, DatabaseUrls, apart


@pytest.fixture(scope="module")
def two_tenants(database_server: DatabaseServer) -> Iterator[DatabaseUrls]:
    """Give one database to all tests of a module, which leave it as it is."""
    with database_server.migrated() as urls:
        apart(seed_two(urls.superuser_url))
        yield urls
