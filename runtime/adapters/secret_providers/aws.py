"""Read secrets from AWS Secrets Manager, as the workload that this is (IRSA, task role, instance).

The stage is always named: without one, some servers answer with a version that was current once.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final, Protocol, cast

import boto3  # type: ignore[import-untyped]  # it has no types
from botocore.config import Config  # type: ignore[import-untyped]  # as above
from botocore.exceptions import (  # type: ignore[import-untyped]  # as above
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
)
from botocore.loaders import create_loader  # type: ignore[import-untyped]  # as above
from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]  # as above
from botocore.session import get_session  # type: ignore[import-untyped]  # as above

from runtime.adapters.secret_providers.deadlines import MOST_THREADS, Threads, in_time
from runtime.adapters.secret_providers.quiet import silence
from runtime.adapters.secret_providers.values import malformed, value_of
from runtime.domain.errors import (
    SecretDeniedError,
    SecretError,
    SecretMalformedError,
    SecretMissingError,
    SecretThrottledError,
    SecretUnavailableError,
)
from runtime.domain.secret_reference import SecretRef
from runtime.ports.secret_places import AwsPlace
from runtime.ports.secret_provider import Fetched, Lease

_CURRENT: Final = "AWSCURRENT"
_CONNECT_S: Final = 2.0
_READY: Final = "awssm://"
_STALE_CREDENTIALS: Final = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "UnrecognizedClientException",
    }
)
_DENIED: Final = _STALE_CREDENTIALS | {
    "403",
    "AccessDenied",
    "AccessDeniedException",
    "DecryptionFailure",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotAuthorized",
    "OptInRequired",
}
_MISSING: Final = frozenset({"InvalidRequestException", "ResourceNotFoundException"})
_MALFORMED: Final = frozenset(
    {"InvalidParameterException", "ValidationError", "ValidationException"}
)
_THROTTLED: Final = frozenset(
    {
        "429",
        "LimitExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


class _Client(Protocol):
    """Name what is used of boto3's client, which has no types."""

    def get_secret_value(self, **asked: str) -> dict[str, Any]: ...
    def close(self) -> None: ...


class AwsProvider:
    """Answer `awssm://NAME`; credentials that are refused as stale are found anew, once."""

    def __init__(self, place: AwsPlace) -> None:
        """Keep where it is; the first call opens the client."""
        # They write what is answered at debug level.
        silence("botocore.parsers", "botocore.endpoint")
        self._place = place
        self._threads = Threads("aws")
        self._turn = asyncio.Lock()
        # What it reads from disk makes a first client slow (0.2 s), and the next one quick.
        self._loader = create_loader()
        self._client: _Client | None = None

    @property
    def schemes(self) -> frozenset[str]:
        """Return `awssm`."""
        return frozenset({"awssm"})

    async def fetch(self, reference: SecretRef) -> Fetched:
        """Read a version or a stage, the current one where none is named."""
        async with in_time(reference.text(), deadline_s=self._place.deadline_s):
            answer = await self._answered(reference)
        kept = answer.get("SecretString")
        if isinstance(kept, str):
            kept = kept.encode(errors="surrogatepass")
        if kept is None:
            kept = answer.get("SecretBinary")
        version = answer.get("VersionId")
        if not isinstance(kept, bytes) or not isinstance(version, str):
            raise malformed(
                reference, problem="AWS answered without a value", advice="write a value there"
            )
        return Fetched(value=value_of(kept, reference=reference), version=version)

    async def renew(self, lease: Lease) -> Lease:
        """Refuse: nothing there has a lease."""
        raise SecretDeniedError(
            reference=_READY, problem=f"it gave no lease '{lease.id}'", advice="fetch it anew"
        )

    async def ready(self) -> None:
        """Return if this server has an identity; AWS itself is asked by reading secrets only."""
        async with in_time(_READY, deadline_s=self._place.deadline_s):
            found = await self._threads.run(lambda: boto3.Session().get_credentials())
        if found is None:
            raise _denied(_READY, problem="AWS's client finds no credentials here")

    async def close(self) -> None:
        """Release connections and threads."""
        self._threads.close()
        if self._client is not None:
            self._client.close()

    async def _answered(self, reference: SecretRef) -> dict[str, Any]:
        used = self._client
        answer = await self._once(reference, instead_of=None)
        if isinstance(answer, str) and answer in _STALE_CREDENTIALS:
            answer = await self._once(reference, instead_of=used or self._client)
        if isinstance(answer, str):
            raise _refused(answer, reference=reference.text())
        return answer

    async def _once(
        self, reference: SecretRef, *, instead_of: _Client | None
    ) -> dict[str, Any] | str:
        """Return the answer, or the code of the refusal."""
        asked = {"SecretId": reference.path}
        if reference.version is not None:
            asked["VersionId"] = reference.version
        else:
            asked["VersionStage"] = reference.stage or _CURRENT
        try:
            client = await self._opened(instead_of=instead_of)
            return await self._threads.run(lambda: client.get_secret_value(**asked))
        except ClientError as error:
            facts = error.response.get("Error", {})
            return str(facts.get("Code") or "unknown")
        except (NoCredentialsError, NoRegionError) as error:
            return type(error).__name__
        except (BotoCoreError, ResponseParserError):
            return ""

    async def _opened(self, *, instead_of: _Client | None) -> _Client:
        async with self._turn:
            if self._client is None or self._client is instead_of:
                self._client = await self._threads.run(self._new)
            return self._client

    def _new(self) -> _Client:
        deadline_s = self._place.deadline_s
        config = Config(
            connect_timeout=min(_CONNECT_S, deadline_s),
            read_timeout=deadline_s,
            max_pool_connections=MOST_THREADS,
            retries={"mode": "standard", "total_max_attempts": 1},
        )
        session = get_session()
        session.register_component("data_loader", self._loader)
        client = boto3.Session(botocore_session=session).client(
            "secretsmanager",
            region_name=self._place.region,
            endpoint_url=self._place.endpoint,
            config=config,
        )
        return cast("_Client", client)


def _refused(code: str, *, reference: str) -> SecretError:
    """Return what a refusal means; "" is no answer at all."""
    if code in _MISSING:
        return SecretMissingError(
            reference=reference,
            problem="AWS keeps nothing there, not in that version, or it is being deleted",
            advice="write it, or name another",
        )
    if code in _DENIED or code in {NoCredentialsError.__name__, NoRegionError.__name__}:
        return _denied(reference, problem=f"AWS answered {code}")
    if code in _THROTTLED:
        return SecretThrottledError(
            reference=reference, problem=f"AWS answered {code}", advice="ask less often"
        )
    if code in _MALFORMED:
        return SecretMalformedError(
            reference=reference, problem=f"AWS answered {code}", advice="see how it is written"
        )
    return SecretUnavailableError(
        reference=reference,
        problem=f"AWS answered {code}" if code else "AWS can't be reached",
        advice="see its region, PLANGATE_AWS_ENDPOINT, and its status page",
    )


def _denied(reference: str, *, problem: str) -> SecretDeniedError:
    return SecretDeniedError(
        reference=reference,
        problem=problem,
        advice="give the role of this workload secretsmanager:GetSecretValue (and kms:Decrypt), "
        "and a region by PLANGATE_AWS_REGION",
    )
