"""Say which events of a project a caller may see, by their credential and what they are in it."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.domain.caller import Caller, require_role
from runtime.domain.errors import NotAllowedError
from runtime.domain.event_catalogue import EVENT_TYPES, read_with, wanted_by
from runtime.domain.member import ProjectRole
from runtime.domain.principal import Principal
from runtime.domain.scope import Scope, allows


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Say what somebody wants and may see.

    Attributes:
        scopes: of the credential.
        admin: they administer the project.
        types: what they want; empty: all that they may see.
    """

    scopes: frozenset[Scope]
    admin: bool
    types: tuple[str, ...]

    def shows(self, kind: str) -> bool:
        """Say whether an event of a type is shown."""
        return wanted_by(self.types, kind) and self.may_show(kind)

    def may_show(self, kind: str) -> bool:
        """Say whether events of a type may be shown, wanted or not."""
        scope = read_with(kind)
        if scope is None or not allows(self.scopes, scope):
            return False
        return self.admin or scope is not Scope.PROJECTS_MANAGE


def sight_of(caller: Caller, principal: Principal, *, types: tuple[str, ...]) -> Sight:
    """Return what a caller sees of what they want.

    Raises:
        NotAllowedError: that is nothing, or not all of it.
    """
    sight = Sight(scopes=caller.scopes, admin=_admin(principal), types=types)
    if types:
        _require_all(sight)
    elif not any(map(sight.may_show, EVENT_TYPES)):
        raise NotAllowedError(
            needs="a scope that shows events, such as outcomes:read",
            has=", ".join(sorted(caller.scopes)),
        )
    return sight


def _require_all(sight: Sight) -> None:
    for kind in EVENT_TYPES:
        scope = read_with(kind)
        if scope is None or not wanted_by(sight.types, kind) or sight.may_show(kind):
            continue
        needs = f"the scope {scope.value} for {kind}"
        if allows(sight.scopes, scope):
            needs = f"the project's role {ProjectRole.ADMIN.value} for {kind}"
        raise NotAllowedError(needs=needs, has=", ".join(sorted(sight.scopes)))


def _admin(principal: Principal) -> bool:
    try:
        require_role(principal, ProjectRole.ADMIN)
    except NotAllowedError:
        return False
    return True
