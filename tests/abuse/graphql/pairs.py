"""Hold every pair: those that only read first, and what ends things last."""

from __future__ import annotations

from collections.abc import Iterator

from tests.abuse.graphql.change_pairs import MUTATIONS
from tests.abuse.graphql.operations import Operation
from tests.abuse.graphql.read_pairs import CONTENTS, NODES, QUERIES, STREAMS


def operations() -> Iterator[Operation]:
    """Yield every operation."""
    yield from (*QUERIES, *NODES, *CONTENTS, *STREAMS, *MUTATIONS)
