"""Run moto's Secrets Manager on loopback, behind a front that refuses as AWS does when told to.

moto proves neither policies nor throttling, and answers without a limit of size: the front does the
first, the test knows of the second. In a test: `with aws_secrets() as aws`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any, Final

import orjson
import pytest
from typing_extensions import override

_reason = "pip install 'plangate[aws]' 'moto[server]' un-skips this"
boto3: Any = pytest.importorskip("boto3", reason=_reason)
_moto: Any = pytest.importorskip("moto.server", reason=_reason)

REGION: Final = "eu-west-1"
ENVIRONMENT: Final = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_EC2_METADATA_DISABLED": "true",
}
_WAIT_S: Final = 20.0


@dataclass(kw_only=True)
class AwsSecrets:
    """Hold a running server and how it is to fail.

    Attributes:
        denied: names that no policy allows.
        fault: a code of AWS that answers everything, with `status`.
        once: fail once only.
        silent: hold each answer until the test is over.
        body: sent as it is with HTTP 200.
        asked: the documents of requests for values, `signed` what they were signed with.
    """

    url: str = ""
    behind: tuple[str, int] = ("", 0)
    denied: set[str] = field(default_factory=set)
    fault: str = ""
    status: int = 400
    once: bool = False
    silent: bool = False
    body: bytes | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    signed: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def client(self) -> Any:  # noqa: ANN401  # boto3 has no types
        """Return a client of what is behind the front."""
        host, port = self.behind
        return boto3.client(
            "secretsmanager",
            region_name=REGION,
            endpoint_url=f"http://{host}:{port}",
            aws_access_key_id="test",
            aws_secret_access_key="secret",  # noqa: S106  # moto takes any
        )

    def write(self, name: str, value: bytes | str) -> str:
        """Write a new current version; return its id."""
        client = self.client()
        kept = {"SecretString": value} if isinstance(value, str) else {"SecretBinary": value}
        try:
            answer = client.put_secret_value(SecretId=name, **kept)
        except client.exceptions.ResourceNotFoundException:
            answer = client.create_secret(Name=name, **kept)
        finally:
            client.close()
        return str(answer["VersionId"])

    def refusal(self, body: bytes) -> tuple[int, str] | None:
        """Return how a request is refused; None: it is not."""
        sent = orjson.loads(body)
        self.asked.append(sent)
        if self.fault:
            fault = self.fault
            if self.once:
                self.fault = ""
            return self.status, fault
        if sent.get("SecretId") in self.denied:
            return 400, "AccessDeniedException"
        return None


def _handler(aws: AwsSecrets) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            if aws.silent:
                aws.over.wait(_WAIT_S)
            aws.signed.append(self.headers.get("Authorization", ""))
            refused = aws.refusal(body)
            if refused is not None:
                status, code = refused
                document = {"__type": code, "message": f"{code}: {body.decode()}"}
                self._reply(status, orjson.dumps(document))
                return
            if aws.body is not None:
                self._reply(200, aws.body)
                return
            behind = HTTPConnection(*aws.behind, timeout=_WAIT_S)
            try:
                behind.request("POST", self.path, body, dict(self.headers.items()))
                answer = behind.getresponse()
                self._reply(answer.status, answer.read())
            finally:
                behind.close()

        def _reply(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


class _Server(ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64


def _prepare(aws: AwsSecrets) -> None:
    """Forget what earlier tests wrote (moto keeps it in the process), and have it load all."""
    connection = HTTPConnection(*aws.behind, timeout=_WAIT_S)
    connection.request("POST", "/moto-api/reset")
    connection.getresponse().read()
    connection.close()
    client = aws.client()
    client.list_secrets()
    client.close()


@contextmanager
def aws_secrets() -> Iterator[AwsSecrets]:
    """Serve while the block runs."""
    moto = _moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    aws = AwsSecrets(behind=moto.get_host_and_port())
    _prepare(aws)
    with _Server(("127.0.0.1", 0), _handler(aws)) as server:
        aws.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield aws
        finally:
            aws.over.set()
            server.shutdown()
            thread.join(_WAIT_S)
            moto.stop()
