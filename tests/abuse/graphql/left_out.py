"""Say which routes of REST have no operation of GraphQL, and why; one that is not here has one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

BEFORE: Final = "there is no caller yet: it is how one comes to a credential, or ends it"
CREDENTIALS: Final = "who is a member, and by which credential, is decided in one place"
UNCALLED: Final = "the operator's, or the machines that watch and keep the platform"
FILE: Final = "a file, which is streamed as it is read"
STAYS: Final = "it ends more than one request or document should be able to: one place for it"
LEDGER: Final = "the log is kept and proven by whoever audits it, offline and by REST"
RULES: Final = "rules are files, which are written, checked and tried out in one place"
CONSTANT: Final = "what the release declares; the same for everybody"
PROOF: Final = "decisions are read and proven by whoever audits, by REST and offline"

_ORGANIZATION: Final = "/v1/organizations/{}"
_PROJECT: Final = "/v1/projects/{}"
_POLICIES: Final = tuple(
    (method, f"{place}/policies{rest}")
    for place in (_ORGANIZATION, _PROJECT)
    for method, rest in (("POST", ""), ("POST", ":check"))
)

LEFT_OUT: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("POST", "/v1/audit/erasures"): LEDGER,
        ("GET", "/v1/audit/export"): FILE,
        ("GET", "/v1/audit/heads"): LEDGER,
        ("GET", "/v1/audit/heads/latest"): LEDGER,
        ("GET", "/v1/audit/holds"): LEDGER,
        ("POST", "/v1/audit/holds"): LEDGER,
        ("POST", "/v1/audit/holds/{}:release"): LEDGER,
        ("GET", "/v1/audit/keys"): LEDGER,
        ("GET", "/v1/audit/proofs/consistency"): LEDGER,
        ("GET", "/v1/audit/settings"): LEDGER,
        ("PUT", "/v1/audit/settings"): LEDGER,
        ("GET", "/v1/bundles/discovery"): UNCALLED,
        ("GET", "/v1/bundles/{}"): UNCALLED,
        ("GET", "/v1/environments"): CONSTANT,
        ("POST", "/v1/environments/{}/proposals:evaluate"): UNCALLED,
        ("GET", "/v1/event-types"): CONSTANT,
        ("GET", "/v1/event-types/{}"): CONSTANT,
        ("GET", "/v1/healthz"): UNCALLED,
        ("POST", "/v1/hooks/{}"): "a delivery has no caller, but a signature over its bytes",
        ("GET", "/v1/invitations"): CREDENTIALS,
        ("POST", "/v1/invitations"): CREDENTIALS,
        ("POST", "/v1/invitations/{}:revoke"): CREDENTIALS,
        ("POST", "/v1/invitations:accept"): BEFORE,
        ("POST", "/v1/members"): CREDENTIALS,
        ("PATCH", "/v1/members/{}"): CREDENTIALS,
        ("POST", "/v1/members/{}:remove"): CREDENTIALS,
        ("GET", "/v1/metrics"): UNCALLED,
        ("GET", "/v1/organizations"): "`organization` reads the only one that there is to list",
        ("POST", "/v1/organizations"): UNCALLED,
        ("POST", f"{_ORGANIZATION}:archive"): STAYS,
        ("GET", f"{_ORGANIZATION}:export"): FILE,
        ("POST", f"{_ORGANIZATION}:restore"): STAYS,
        **dict.fromkeys(_POLICIES, RULES),
        ("POST", f"{_PROJECT}/policies:simulate"): RULES,
        ("POST", f"{_ORGANIZATION}/evaluations:link"): "it opens pages in a browser",
        ("GET", f"{_PROJECT}/decisions/{{}}"): PROOF,
        ("POST", f"{_PROJECT}/decisions:verify"): PROOF,
        ("POST", f"{_PROJECT}:purge"): STAYS,
        ("GET", "/v1/readyz"): UNCALLED,
        ("POST", "/v1/secrets/rotations"): UNCALLED,
        ("GET", "/v1/sessions:callback"): BEFORE,
        ("GET", "/v1/sessions:login"): BEFORE,
        ("POST", "/v1/sessions:logout"): BEFORE,
        ("GET", "/v1/tokens"): CREDENTIALS,
        ("POST", "/v1/tokens"): CREDENTIALS,
        ("GET", "/v1/tokens/{}"): CREDENTIALS,
        ("POST", "/v1/tokens/{}:revoke"): CREDENTIALS,
        ("POST", "/v1/tokens/{}:rotate"): CREDENTIALS,
    }
)
"""By method and path, in which names are left out."""
