"""Serve a route that reads a plan and does nothing: what the framework alone costs."""

from __future__ import annotations

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict

from runtime.domain.plan import Plan

app = FastAPI()


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Asked(_Wire):
    """Take a body of the same shape as an execution's."""

    plan: Plan


class Answered(_Wire):
    """Answer with next to nothing."""

    steps: int


@app.post("/noop")
async def do_nothing(asked: Asked) -> Answered:
    """Count the steps."""
    return Answered(steps=len(asked.plan.steps))
