"""Read secrets from Google Secret Manager over gRPC, as the workload that this is.

Each value comes with its CRC-32C; one that does not match, or has none, is refused.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import google.auth
import grpc  # type: ignore[import-untyped]  # it has no types
from google.api_core import exceptions as google_errors
from google.auth import exceptions as auth_errors
from google.cloud.secretmanager_v1 import (
    AccessSecretVersionResponse,
    SecretManagerServiceAsyncClient,
)
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcAsyncIOTransport,
)
from google.rpc import error_details_pb2  # type: ignore[import-untyped]  # as above

from runtime.adapters.secret_providers.crc32c import crc32c
from runtime.adapters.secret_providers.deadlines import Threads, closed, in_time
from runtime.adapters.secret_providers.quiet import silence
from runtime.adapters.secret_providers.values import malformed, value_of, within_bounds
from runtime.domain.errors import (
    SecretDeniedError,
    SecretError,
    SecretMalformedError,
    SecretMissingError,
    SecretThrottledError,
    SecretUnavailableError,
)
from runtime.domain.secret_reference import SecretRef
from runtime.ports.secret_places import GooglePlace
from runtime.ports.secret_provider import Fetched, Lease

MAX_ANSWER_BYTES: Final = 1_048_576

_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
_TRANSPORTS: Final = "google.cloud.secretmanager_v1.services.secret_manager_service.transports"
_OPTIONS: Final = (("grpc.max_receive_message_length", MAX_ANSWER_BYTES),)
_TOO_LARGE: Final = "larger than max"
_READY: Final = "gcpsm://"
_DENIED: Final = (google_errors.Forbidden, google_errors.Unauthorized)
_MISSING: Final = (google_errors.NotFound, google_errors.FailedPrecondition)


class GoogleProvider:
    """Answer `gcpsm://PROJECT/SECRET`; an identity that is refused is found anew, once."""

    def __init__(self, place: GooglePlace) -> None:
        """Keep where it is; the first call opens the client."""
        # They write what is answered at debug level.
        silence(f"{_TRANSPORTS}.grpc_asyncio", f"{_TRANSPORTS}.grpc")
        self._place = place
        self._threads = Threads("google")
        self._turn = asyncio.Lock()
        self._client: SecretManagerServiceAsyncClient | None = None
        self._closed = False

    @property
    def schemes(self) -> frozenset[str]:
        """Return `gcpsm`."""
        return frozenset({"gcpsm"})

    async def fetch(self, reference: SecretRef) -> Fetched:
        """Read a version, the latest where none is named."""
        async with in_time(reference.text(), deadline_s=self._place.deadline_s):
            answer = await self._answered(reference)
        kept, checksum = answer.payload.data, answer.payload.data_crc32c
        version = answer.name.rpartition("/versions/")[2]
        if not version.isdecimal():
            raise malformed(
                reference,
                problem="Google names no version of it",
                advice="see PLANGATE_GCP_ENDPOINT",
            )
        # Before the checksum, which takes a while for a large value.
        within_bounds(kept, reference=reference)
        if "data_crc32c" not in answer.payload or crc32c(kept) != checksum:
            raise malformed(
                reference,
                problem="it does not have the checksum that Google sent with it",
                advice="it was damaged on its way: try again, and see what stands between",
            )
        return Fetched(value=value_of(kept, reference=reference), version=version)

    async def renew(self, lease: Lease) -> Lease:
        """Refuse: nothing there has a lease."""
        raise SecretDeniedError(
            reference=_READY, problem=f"it gave no lease '{lease.id}'", advice="fetch it anew"
        )

    async def ready(self) -> None:
        """Return if this server has an identity; Google is asked by reading secrets only."""
        async with in_time(_READY, deadline_s=self._place.deadline_s):
            await self._opened(instead_of=None)

    async def close(self) -> None:
        """Release connections and threads."""
        self._closed = True
        self._threads.close()
        if self._client is not None:
            await self._client.transport.close()  # type: ignore[no-untyped-call]  # as above

    async def _answered(self, reference: SecretRef) -> AccessSecretVersionResponse:
        client = await self._opened(instead_of=None)
        answer = await self._once(client, reference)
        if isinstance(answer, google_errors.Unauthorized):
            answer = await self._once(await self._opened(instead_of=client), reference)
        if isinstance(answer, AccessSecretVersionResponse):
            return answer
        raise _refused(answer, reference=reference.text())

    async def _once(
        self, client: SecretManagerServiceAsyncClient, reference: SecretRef
    ) -> AccessSecretVersionResponse | Exception:
        """Return the answer, or what was raised instead."""
        project, _, name = reference.path.partition("/")
        version = reference.version or "latest"
        try:
            return await client.access_secret_version(
                name=f"projects/{project}/secrets/{name}/versions/{version}",
                retry=None,
                timeout=self._place.deadline_s,
            )
        except (google_errors.GoogleAPIError, auth_errors.GoogleAuthError) as error:
            return error

    async def _opened(
        self, *, instead_of: SecretManagerServiceAsyncClient | None
    ) -> SecretManagerServiceAsyncClient:
        if self._closed:
            raise closed("gcpsm")
        async with self._turn:
            if self._client is None or self._client is instead_of:
                # The one before is not closed: others may wait for its answers.
                self._client = SecretManagerServiceAsyncClient(transport=await self._transport())
            return self._client

    async def _transport(self) -> SecretManagerServiceGrpcAsyncIOTransport:
        if self._place.plain:
            channel = grpc.aio.insecure_channel(self._place.endpoint or "", options=_OPTIONS)
            return SecretManagerServiceGrpcAsyncIOTransport(channel=channel)
        credentials = None
        try:
            credentials, _ = await self._threads.run(lambda: google.auth.default(scopes=[_SCOPE]))
        except auth_errors.GoogleAuthError:
            credentials = None
        if credentials is None:
            raise _denied(_READY, problem="Google's client finds no identity here")
        return SecretManagerServiceGrpcAsyncIOTransport(
            host=self._place.endpoint or SecretManagerServiceAsyncClient.DEFAULT_ENDPOINT,
            credentials=credentials,
            channel=_channel,
        )


def _channel(host: str, **told: object) -> grpc.aio.Channel:
    """Return a channel that takes no larger answers than it should."""
    bounded: dict[str, Any] = {**told, "options": _OPTIONS}
    return SecretManagerServiceGrpcAsyncIOTransport.create_channel(host, **bounded)


def _refused(error: Exception, *, reference: str) -> SecretError:
    """Return what a refusal means; its own text may repeat what was asked, and is dropped."""
    name = type(error).__name__
    if isinstance(error, _MISSING):
        return SecretMissingError(
            reference=reference,
            problem="Google keeps nothing there, or the version is disabled or destroyed",
            advice="add or enable a version, or name another",
        )
    if isinstance(error, (*_DENIED, auth_errors.RefreshError)):
        return _denied(reference, problem=f"Google answered {name}")
    if isinstance(error, google_errors.TooManyRequests) and _TOO_LARGE not in str(error):
        return SecretThrottledError(
            reference=reference,
            problem=f"Google answered {name}",
            advice="ask less often, or raise the project's quota",
            retry_after_s=_retry_after_s(error),
        )
    if isinstance(error, google_errors.ClientError):
        return SecretMalformedError(
            reference=reference,
            problem=f"Google answered {name}",
            advice="see how the reference is written, and how much is kept there",
        )
    return SecretUnavailableError(
        reference=reference,
        problem=f"Google can't be asked ({name})",
        advice="see PLANGATE_GCP_ENDPOINT, and Google's status page",
    )


def _retry_after_s(error: google_errors.GoogleAPICallError) -> float | None:
    for detail in error.details:
        if isinstance(detail, error_details_pb2.RetryInfo):
            return float(detail.retry_delay.ToTimedelta().total_seconds())
    return None


def _denied(reference: str, *, problem: str) -> SecretDeniedError:
    return SecretDeniedError(
        reference=reference,
        problem=problem,
        advice="give this workload's identity roles/secretmanager.secretAccessor for the secret",
    )
