"""Read the reason of a refusal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from runtime.domain.errors import IdentityRefusedError
from runtime.domain.identity import IdentityRefusal


@contextmanager
def refuses(reason: IdentityRefusal, match: str | None = None) -> Iterator[None]:
    """Expect the block to refuse an identity by a reason."""
    with pytest.raises(IdentityRefusedError, match=match) as caught:
        yield
    assert caught.value.reason is reason
