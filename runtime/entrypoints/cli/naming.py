"""Find what a person names: a project or a member by id, or by the name that people use."""

from __future__ import annotations

import re
from typing import Final

from runtime.entrypoints.cli.client import REFUSED, USAGE, CommandError, plain
from runtime.entrypoints.cli.console import Api

_PROJECT_ID: Final = re.compile(r"prj_[0-9A-Z]{26}")
_MEMBER_ID: Final = re.compile(r"mem_[0-9A-Z]{26}")


def own_organization(api: Api) -> str:
    """Return the id of the token's organization."""
    return api.platform.me.read_caller()["organization"]["id"]


def project_id(api: Api, named: str | None) -> str:
    """Return the id of a project that is named by id or by name; the demo's, if none is.

    Raises:
        CommandError: there is none of that name that the token may see, or no demo.
    """
    if named is None:
        if api.demo is None or api.demo.project is None:
            raise CommandError("no project is named; name one with --project", exit_code=USAGE)
        return api.demo.project
    if _PROJECT_ID.fullmatch(named):
        return named
    found = [it["id"] for it in api.platform.projects.list() if it["name"] == named]
    return _only(found, kind="project", named=named)


def member_id(api: Api, named: str) -> str:
    """Return the id of a member who is named by id, or by e-mail address or name.

    Raises:
        CommandError: there is none, or several have the name.
    """
    if _MEMBER_ID.fullmatch(named):
        return named
    members = api.platform.members.list()
    if "@" in named:
        found = [it["id"] for it in members if it["email"] == named.lower()]
    else:
        found = [it["id"] for it in members if it["display_name"] == named]
    return _only(found, kind="member", named=named)


def _only(found: list[str], *, kind: str, named: str) -> str:
    """Return the one id that was found.

    Raises:
        CommandError: there is none, or there are several.
    """
    if len(found) == 1:
        return found[0]
    shown = plain(named[:80])
    if found:
        raise CommandError(
            f"{len(found)} {kind}s are called '{shown}'; name one by id: {', '.join(found)}",
            exit_code=REFUSED,
        )
    raise CommandError(f"not_found: no {kind} '{shown}' that you may see", exit_code=REFUSED)
