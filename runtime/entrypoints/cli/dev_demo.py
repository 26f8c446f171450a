"""Make the demo of `plangate dev` by the API, as anybody would: an organization and a project.

What a former run made is used again. A run that was killed half-way left at most an organization
that nobody looks at.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from runtime.bootstrap.dev_folder import Demo, DevFolder
from runtime.entrypoints.cli.client import (
    UNREACHABLE,
    Client,
    CommandError,
    ProblemError,
    Request,
    fresh_key,
    path_of,
)

ORGANIZATION: Final = "Demo"
OWNER: Final = {"display_name": "Demo", "email": "demo@example.com"}
PROJECT: Final = {"name": "demo", "environment": "counter"}
TIMEOUT_S: Final = 20.0
TOKEN_REFUSED: Final = "token_refused"  # noqa: S105  # a code
NOT_FOUND: Final = "not_found"


def ensured_demo(folder: DevFolder, *, url: str, operator_token: str) -> Demo:
    """Return the demo, with a token that opens and a project that is there.

    Raises:
        CommandError: the platform refused, or does not answer.
        DevFolderError: what a former run kept can't be read.
    """
    kept = folder.demo()
    if kept is None or not _opens(kept.token, url):
        demo = _founded(url, operator_token)
    else:
        demo = replace(kept, url=url)
    folder.keep_demo(demo)  # at once: its token is shown this once
    client = Client(url, token=demo.token, timeout_s=TIMEOUT_S)
    demo = replace(demo, project=_project(client, demo.project))
    folder.keep_demo(demo)
    return demo


def _opens(token: str, url: str) -> bool:
    """Ask whether a token is one of this platform's; its database may be another than before."""
    try:
        Client(url, token=token, timeout_s=TIMEOUT_S).ask(Request(method="GET", path=path_of("me")))
    except ProblemError as problem:
        if problem.code != TOKEN_REFUSED:
            raise
        return False
    return True


def _founded(url: str, operator_token: str) -> Demo:
    made = Client(url, token=operator_token, timeout_s=TIMEOUT_S).ask(
        Request(
            method="POST",
            path=path_of("organizations"),
            body={"name": ORGANIZATION, "owner": OWNER},
            key=fresh_key(),
        )
    )
    if made["token"]["text"] is None:
        raise CommandError(
            "the demo's token got lost on its way; start again", exit_code=UNREACHABLE
        )
    return Demo(
        url=url,
        organization=made["organization"]["id"],
        member=made["owner"]["id"],
        token=made["token"]["text"],
    )


def _project(client: Client, kept: str | None) -> str:
    """Return the id of the demo's project: the one we know, the one of its name, or a new one."""
    if kept is not None and _is_there(client, kept):
        return kept
    page = client.ask(Request(method="GET", path=path_of("projects"), query={"limit": 200}))
    for item in page["items"]:
        if item["name"] == PROJECT["name"]:
            found: str = item["id"]
            return found
    made: str = client.ask(
        Request(method="POST", path=path_of("projects"), body=PROJECT, key=fresh_key())
    )["id"]
    return made


def _is_there(client: Client, project: str) -> bool:
    try:
        client.ask(Request(method="GET", path=path_of("projects", project)))
    except ProblemError as problem:
        if problem.code != NOT_FOUND:
            raise
        return False
    return True
