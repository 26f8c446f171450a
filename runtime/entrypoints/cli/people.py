"""Call members by what people know them by, where the token may see who they are."""

from __future__ import annotations

from typing import Final

from runtime.client.documents.shared import MembersMemberOut
from runtime.entrypoints.cli.client import ProblemError
from runtime.entrypoints.cli.console import Api

_BLIND: Final = "not_allowed"
_GONE: Final = "not_found"


class People:
    """Look members up, each once, until the platform says that the token may not."""

    def __init__(self, api: Api) -> None:
        """Know nobody yet."""
        self._api = api
        self._found: dict[str, MembersMemberOut | None] = {}
        self._blind = False

    def short(self, member_id: str) -> str:
        """Return an e-mail address, which is one person's alone, or else the id."""
        member = self._member(member_id)
        if member is None:
            return member_id
        return str(member["email"] or f"{member['display_name']} ({member_id})")

    def whole(self, member_id: str) -> str:
        """Return all that tells one from another: name, address and id."""
        member = self._member(member_id)
        if member is None:
            return member_id
        known = (member["display_name"], member["email"], member_id)
        return ", ".join(dict.fromkeys(str(part) for part in known if part))

    def _member(self, member_id: str) -> MembersMemberOut | None:
        if member_id not in self._found:
            self._found[member_id] = self._asked(member_id)
        return self._found[member_id]

    def _asked(self, member_id: str) -> MembersMemberOut | None:
        if self._blind:
            return None
        try:
            return self._api.platform.members.read(member_id)
        except ProblemError as error:
            if error.code not in {_BLIND, _GONE}:
                raise
            self._blind = error.code == _BLIND
            return None
