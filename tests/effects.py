"""Build calls of side effects for tests."""

from collections.abc import Mapping

from runtime.domain.principal import Principal
from runtime.kit.json_value import JsonValue
from runtime.ports.effect import EffectCall, EffectTools
from runtime.ports.effect_failure import PermanentError
from runtime.ports.secret_source import Secret

ORGANIZATION = "org_01KDVDNA000000000000000000"
KEY = "job_01KDVDNA000000000000000000"


def a_call(payload: Mapping[str, JsonValue], **changes: JsonValue) -> EffectCall:
    """Build the call of an effect with a declared payload."""
    facts = {
        "job_id": KEY,
        "idempotency_key": KEY,
        "organization": ORGANIZATION,
        "project": "prj_1",
        "principal": Principal(id="ann", organization=ORGANIZATION, roles=("operator",)),
        "outcome_id": "out_1",
        "step": 0,
        "action": "ticket.close@1",
        "inputs": {"id": "t-1", "mail": "ann@example.com"},
        "diff": ({"op": "replace", "path": "/tickets/t-1/open", "value": False},),
        "attempt": 1,
    }
    return EffectCall(payload=dict(payload), **{**facts, **changes})


def uncharged(call: EffectCall, tools: EffectTools) -> EffectTools:
    """Return tools as they are, where nobody has a budget of models."""
    del call
    return tools


class TableSecrets:
    """Keep secrets of `ORGANIZATION` by name, as `(value, hosts)`."""

    def __init__(self, **secrets: tuple[str, tuple[str, ...]]) -> None:
        """Take the table."""
        self._secrets = secrets
        self.asked: list[str] = []

    async def secret(self, name: str, *, organization: str) -> Secret:
        """Return one of the organization's secrets."""
        self.asked.append(name)
        if organization != ORGANIZATION or name not in self._secrets:
            raise PermanentError(f"the organization has no secret '{name}'")
        value, hosts = self._secrets[name]
        return Secret(name=name, value=value, hosts=hosts)

    async def refused(self, secret: Secret, *, organization: str) -> Secret | None:
        """Return nothing: what the table holds is never rotated."""
        return None
