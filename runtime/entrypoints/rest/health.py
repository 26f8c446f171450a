"""Say that the process answers; whether what it depends on does is another question."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

router = APIRouter(prefix="/v1", tags=["health"])


class HealthOut(BaseModel):
    """Say how it goes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Literal["live"] = "live"


@router.get("/healthz")
async def read_health() -> HealthOut:
    """Return that the process is live; open to everybody."""
    return HealthOut()
