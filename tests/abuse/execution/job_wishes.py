"""Hold one valid request for every mutating route of jobs and of their queues."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from runtime.kit.json_value import JsonObject
from tests.abuse.execution.real_app import Acting, RealApp, moved
from tests.abuse.execution.wish import Make, Route, Wish

_JOB: Final = "/v1/projects/{project_id}/jobs/{job_id}"


async def a_queued_job(app: RealApp, who: Acting) -> str:
    """Queue a plan in a paused project of its own, and return the path of its job."""
    project = f"/v1/projects/{(await app.project(who))['id']}"
    await app.made(f"{project}/queue:pause", {"why": "wished"}, token=who.token)
    queued = await app.call(
        "POST",
        f"{project}/plans:execute?mode=queued",
        moved(next(app.numbers)),
        token=who.token,
    )
    assert queued.status == 202, queued.body
    return f"{project}/jobs/{queued.json['id']}"


async def _cancel(app: RealApp, who: Acting) -> Wish:
    document: JsonObject = {"reason": "wished"}
    return Wish(path=f"{await a_queued_job(app, who)}:cancel", document=document, token=who.token)


async def _redrive(app: RealApp, who: Acting) -> Wish:
    cancel = await _cancel(app, who)
    await app.made(cancel.path, cancel.document, token=who.token)
    return Wish(path=cancel.path.replace(":cancel", ":redrive"), token=who.token)


async def _redrive_all(app: RealApp, who: Acting) -> Wish:
    one = await _redrive(app, who)
    path = one.path.rpartition("/")[0]
    document: JsonObject = {"status": ["cancelled"]}
    return Wish(path=f"{path}:redrive", document=document, token=who.token)


def _of_queue(level: str, verb: str, *, first: str | None = None) -> Make:
    async def made(app: RealApp, who: Acting) -> Wish:
        owner = who if level == "project" else await app.found()
        named = owner.organization if level == "organization" else (await app.project(who))["id"]
        path = f"/v1/{level}s/{named}/queue"
        why: JsonObject = {"why": "wished"}
        if first is not None:
            await app.made(f"{path}{first}", why, token=owner.token)
        documents: Mapping[str, JsonObject] = {"": {"at_once": 7}, ":pause": why}
        return Wish(path=f"{path}{verb}", document=documents.get(verb), token=owner.token)

    return made


OF_JOBS: Final[Mapping[Route, Make]] = MappingProxyType(
    {
        ("POST", f"{_JOB}:cancel"): _cancel,
        ("POST", f"{_JOB}:redrive"): _redrive,
        ("POST", "/v1/projects/{project_id}/jobs:redrive"): _redrive_all,
        **{
            (method, f"/v1/{level}s/{{{level}_id}}/queue{verb}"): _of_queue(
                level, verb, first=first
            )
            for level in ("project", "organization")
            for method, verb, first in (
                ("PUT", "", None),
                ("POST", ":pause", None),
                ("POST", ":resume", ":pause"),
            )
        },
    }
)
