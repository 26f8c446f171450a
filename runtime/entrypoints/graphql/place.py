"""Hold which project a part of the schema reads."""

from __future__ import annotations

import strawberry


@strawberry.type
class InProject:
    """Name a project; whether the caller sees it, each field finds out."""

    project_id: strawberry.Private[str]
