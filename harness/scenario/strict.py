"""State how strict the file format is: nothing unknown, nothing that changes."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Pointer = Annotated[str, StringConstraints(pattern=r"^(/[^/]*)+$")]


class Strict(BaseModel):
    """Refuse unknown keys; nobody changes one."""

    model_config = ConfigDict(frozen=True, extra="forbid")
