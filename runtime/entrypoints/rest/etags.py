"""Name a version of a project's state in `ETag` and `If-Match` (Source: RFC 9110 §8.8, §13.1)."""

from __future__ import annotations

import re
from typing import Any, Final

from runtime.entrypoints.rest.problem_codes import ProblemCode
from runtime.entrypoints.rest.problems import ProblemError

_ETAG: Final = re.compile(r'"(0|[1-9][0-9]{0,17})"')

IF_MATCH: Final[dict[str, Any]] = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of the state that was read; another state is answered with 412.",
    "schema": {"type": "string", "maxLength": 40},
}


def etag(version: int) -> str:
    """Return a version as an entity tag.

    >>> etag(12)
    '"12"'
    """
    return f'"{version}"'


def expected_version(header: str | None) -> int | None:
    """Return the version that an `If-Match` header names; None when any will do.

    Raises:
        ProblemError: REQUEST_INVALID for what no state was ever tagged with.

    >>> expected_version('"12"'), expected_version("*"), expected_version(None)
    (12, None, None)
    """
    if header is None or header.strip() == "*":
        return None
    found = _ETAG.fullmatch(header.strip())
    if found is None:
        raise ProblemError(
            ProblemCode.REQUEST_INVALID,
            f"If-Match is '{header[:40]}', expected the ETag of a state, such as \"12\", or *",
        )
    return int(found[1])
