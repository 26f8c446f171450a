"""Talk to the agent of a project over the app of production, as somebody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

import orjson

from runtime.domain.caller import Caller, CredentialKind
from runtime.domain.member import MemberKind
from runtime.domain.organization import OrganizationRole
from runtime.domain.scope import Scope
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.services.context import Context
from tests.abuse.execution.real_app import Acting, RealApp
from tests.api.app_builder import Answered
from tests.audit_log import until
from tests.database import session

_WAITING: Final = (
    "select count(*) from pg_stat_activity where datname = current_database() "
    "and wait_event_type = 'Lock'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """Hold a conversation of somebody's own."""

    app: RealApp
    who: Acting
    project: str
    conversation: str

    @property
    def path(self) -> str:
        """Return the path of its turns."""
        return f"{self.project}/conversations/{self.conversation}/turns"

    async def said(
        self, message: str, *, headers: Mapping[str, str] | None = None, **parts: JsonValue
    ) -> Answered:
        """Say something."""
        return await self.call("POST", "", {"message": message, **parts}, headers=headers)

    async def turn(self, message: str, **parts: JsonValue) -> JsonObject:
        """Say something that becomes a turn, and return it."""
        answer = await self.said(message, **parts)
        assert answer.status == 201, answer.body
        found: JsonObject = answer.json
        return found

    async def call(
        self,
        method: str,
        rest: str = "",
        document: JsonValue = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Answered:
        """Send a request below the path of its turns."""
        return await self.app.call(
            method, f"{self.path}{rest}", document, token=self.who.token, headers=headers
        )

    async def done(self, turn: JsonObject, verb: str, **parts: JsonValue) -> JsonObject:
        """Do something with a turn that has to succeed."""
        answer = await self.call("POST", f"/{turn['id']}:{verb}", parts or None)
        assert answer.status == 200, answer.body
        found: JsonObject = answer.json
        return found

    async def read(self, turn: JsonObject) -> JsonObject:
        """Read a turn anew."""
        answer = await self.call("GET", f"/{turn['id']}")
        assert answer.status == 200, answer.body
        found: JsonObject = answer.json
        return found

    @property
    def project_id(self) -> str:
        """Return the id of its project."""
        return self.project.rpartition("/")[2]

    def as_other(self, who: Acting) -> Talk:
        """Return the same conversation as somebody else asks for it."""
        return replace(self, who=who)


@asynccontextmanager
async def held_up(app: RealApp, table: str) -> AsyncIterator[Callable[[int], Awaitable[None]]]:
    """Let nobody write into a table; yield what waits until a number of writers wait."""
    url = app.urls.superuser_url
    async with session(url) as spy, session(url) as superuser, superuser.transaction():
        await superuser.execute(f"lock table {table} in share mode")

        async def waiting(number: int) -> None:
            async def enough() -> bool:
                return int(await spy.fetchval(_WAITING)) >= number

            await until(enough)

        yield waiting


async def a_talk(
    app: RealApp, who: Acting, *, project: str | None = None, environment: str = "counter"
) -> Talk:
    """Begin a conversation, in a new project unless one is given."""
    if project is None:
        wish = {"name": f"t{next(app.numbers)}", "environment": environment, "limits": {}}
        project = f"/v1/projects/{(await app.made('/v1/projects', wish, token=who.token))['id']}"
    made = await app.made(f"{project}/conversations", {"title": "Counting"}, token=who.token)
    return Talk(app=app, who=who, project=project, conversation=str(made["id"]))


def as_context(who: Acting) -> Context:
    """Return the context in which use cases know an owner without a request."""
    return Context(
        caller=Caller(
            member_id=who.member,
            organization_id=who.organization,
            organization_role=OrganizationRole.OWNER,
            member_kind=MemberKind.PERSON,
            scopes=frozenset(Scope),
            credential_id="of-an-identity-provider",
            credential_kind=CredentialKind.OIDC,
        )
    )


def calls(*wanted: tuple[str, JsonObject]) -> str:
    """Return the message at which the model of `told_stub`, or `openai/echo`, calls these tools."""
    return orjson.dumps([{"name": name, "arguments": inputs} for name, inputs in wanted]).decode()


def behaving(name: str) -> str:
    """Return the message at which the model of `told_stub` behaves as another one."""
    return orjson.dumps({"behave": name}).decode()


def streamed(body: bytes) -> list[tuple[str, JsonObject]]:
    """Read server-sent events, without signs of life."""
    found: list[tuple[str, JsonObject]] = []
    for block in body.split(b"\n\n"):
        lines = [line for line in block.split(b"\n") if line and not line.startswith(b":")]
        if lines:
            parts = dict(line.split(b": ", 1) for line in lines)
            found.append((parts[b"event"].decode(), orjson.loads(parts[b"data"])))
    return found
