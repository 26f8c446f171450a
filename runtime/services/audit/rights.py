"""Say who may read an organization's audit log: its owners, and services that owners made for it.

An auditor's credential is a token with the scope `audit:read` alone, of a service. Owners make it,
as nobody else's login has that scope; it reads and proves, and changes nothing.
"""

from __future__ import annotations

from runtime.domain.caller import Caller
from runtime.domain.errors import NotAllowedError
from runtime.domain.member import MemberKind
from runtime.domain.scope import Scope
from runtime.services.standing import steady_caller
from runtime.services.unit_of_work import Unit

_READERS = "the organization's role owner, or the token of a service that an owner made for this"


def require_reader(caller: Caller) -> None:
    """Refuse whoever may not read the log.

    Raises:
        NotAllowedError: the credential was not made for it, or belongs to a person who is no owner.
    """
    caller.require(Scope.AUDIT_READ)
    if not caller.owner and caller.member_kind is not MemberKind.SERVICE:
        raise NotAllowedError(needs=_READERS, has=caller.organization_role.value)


async def require_steady_reader(unit: Unit, caller: Caller) -> None:
    """Refuse whoever may not read the log until the transaction ends.

    Raises:
        CredentialRefusedError: they are no member any more, or their token has ended.
        NotAllowedError: as `require_reader` does.
    """
    require_reader(await steady_caller(unit, caller))
