"""Answer as Google Secret Manager does, over gRPC on loopback: one method, and its refusals.

In a test: `with google_secrets() as google`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from runtime.adapters.secret_providers.crc32c import crc32c

grpc = pytest.importorskip("grpc", reason="pip install 'plangate[gcp]' un-skips this")
_reason = "pip install 'plangate[gcp]' un-skips this"
_secretmanager: Any = pytest.importorskip("google.cloud.secretmanager_v1", reason=_reason)
_details: Any = pytest.importorskip("google.rpc.error_details_pb2", reason=_reason)
_status: Any = pytest.importorskip("google.rpc.status_pb2", reason=_reason)

PROJECT: Final = "shop-prod"
_SERVICE: Final = "google.cloud.secretmanager.v1.SecretManagerService"
_WAIT_S: Final = 20.0


@dataclass(kw_only=True)
class GoogleSecrets:
    """Hold a running server, what it keeps, and how it is to fail.

    Attributes:
        secrets: versions by name, the first is version 1; None: disabled.
        denied: names that this identity may not read.
        fault: the name of a gRPC status that answers everything.
        retry_after_s: is told with a fault.
        once: fail once only.
        damaged: send another checksum than the value's; `unchecked`: send none.
        silent: hold each answer until the test is over.
        asked: the names of versions that were asked for.
    """

    endpoint: str = ""
    secrets: dict[str, list[bytes | None]] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    fault: str = ""
    retry_after_s: int = 0
    once: bool = False
    damaged: bool = False
    unchecked: bool = False
    silent: bool = False
    asked: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def write(self, name: str, value: bytes) -> None:
        """Add a version."""
        self.secrets.setdefault(name, []).append(value)

    def access(self, request: Any, context: Any) -> Any:  # noqa: ANN401  # gRPC's own types
        """Answer AccessSecretVersion."""
        self.asked.append(request.name)
        if self.silent:
            self.over.wait(_WAIT_S)
        if self.fault:
            self._fail(context)
        _, project, _, name, _, version = request.name.split("/")
        versions = self.secrets.get(name, [])
        number = len(versions) if version == "latest" else int(version)
        if name in self.denied:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, f"denied: {request.name}")
        if project != PROJECT or not 1 <= number <= len(versions):
            context.abort(grpc.StatusCode.NOT_FOUND, f"not found: {request.name}")
        value = versions[number - 1]
        if value is None:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"DISABLED: {request.name}")
        payload: dict[str, object] = {"data": value}
        if not self.unchecked:
            payload["data_crc32c"] = crc32c(value or b"") ^ self.damaged
        return _secretmanager.AccessSecretVersionResponse(
            name=f"projects/123456/secrets/{name}/versions/{number}", payload=payload
        )

    def _fail(self, context: Any) -> None:  # noqa: ANN401  # gRPC's own type
        code = getattr(grpc.StatusCode, self.fault)
        if self.once:
            self.fault = ""
        if self.retry_after_s:
            status = _status.Status(code=code.value[0], message="quota")
            told = _details.RetryInfo()
            told.retry_delay.seconds = self.retry_after_s
            status.details.add().Pack(told)
            context.set_trailing_metadata(
                (("grpc-status-details-bin", status.SerializeToString()),)
            )
        context.abort(code, "quota")


@contextmanager
def google_secrets() -> Iterator[GoogleSecrets]:
    """Serve while the block runs."""
    google = GoogleSecrets()
    server = grpc.server(ThreadPoolExecutor(16))
    method = grpc.unary_unary_rpc_method_handler(
        google.access,
        request_deserializer=_secretmanager.AccessSecretVersionRequest.deserialize,
        response_serializer=_secretmanager.AccessSecretVersionResponse.serialize,
    )
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(_SERVICE, {"AccessSecretVersion": method}),)
    )
    google.endpoint = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield google
    finally:
        google.over.set()
        server.stop(grace=None).wait(_WAIT_S)
