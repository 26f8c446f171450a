"""Hold our signatures to the official libraries of Standard Webhooks, where they are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec

import orjson
import pytest

from runtime.kit.webhook_keys import private_key, shared_secret
from runtime.kit.webhook_signature import signature_headers, verified

BODY = '{"type":"plan.executed","data":{"name":"Überweisung № 5 🚀"}}'.encode()
SHARED = shared_secret(bytes(range(32)))
OLDER = shared_secret(bytes(range(1, 33)))
PRIVATE = private_key(bytes(range(32)))
DRIVER = """
const { Webhook } = require("standardwebhooks");
let text = "";
process.stdin.on("data", (chunk) => { text += chunk; });
process.stdin.on("end", () => {
  const { secret, body, headers } = JSON.parse(text);
  process.stdout.write(JSON.stringify(new Webhook(secret).verify(body, headers)));
});
"""
NODE = shutil.which("node")


def _node_has_it() -> bool:
    if NODE is None:
        return False
    asked = [NODE, "-e", 'require.resolve("standardwebhooks")']
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


needs_python = pytest.mark.skipif(
    find_spec("standardwebhooks") is None,
    reason="the package `standardwebhooks` is missing: pip install 'standardwebhooks>=1.1'",
)
needs_node = pytest.mark.skipif(
    not _node_has_it(),
    reason="node finds no `standardwebhooks`: npm install --prefix DIR standardwebhooks, then set "
    "NODE_PATH=DIR/node_modules",
)


def _headers(*secrets: str, age_s: int = 0) -> Mapping[str, str]:
    now_s = int(datetime.now(UTC).timestamp())  # the libraries take no other clock
    return signature_headers(
        BODY, secrets=secrets, message_id="evt_01KDVDNA", timestamp_s=now_s - age_s
    )


@needs_python
@pytest.mark.parametrize("secret", [SHARED, OLDER], ids=["newest", "older"])
def test_the_python_library_believes_our_messages(secret: str) -> None:
    """With several signatures of both schemes in one header, each shared secret verifies."""
    library = import_module("standardwebhooks.webhooks")
    said = library.Webhook(secret).verify(BODY.decode(), dict(_headers(PRIVATE, SHARED, OLDER)))

    assert said == orjson.loads(BODY)


@needs_python
@pytest.mark.parametrize("age_s", [400, -400], ids=["old", "of the future"])
def test_the_python_library_refuses_what_it_has_to(age_s: int) -> None:
    """What it refuses, we refuse: a changed body, a stranger's secret, another time."""
    library = import_module("standardwebhooks.webhooks")
    for secret, body, headers in (
        (SHARED, BODY + b" ", _headers(SHARED)),
        (OLDER, BODY, _headers(SHARED)),
        (SHARED, BODY, _headers(SHARED, age_s=age_s)),
    ):
        with pytest.raises(library.WebhookVerificationError):
            library.Webhook(secret).verify(body.decode(), dict(headers))
        now_s = int(datetime.now(UTC).timestamp())
        assert verified(body, headers, keys=[secret], now_s=now_s) is not None


@needs_python
def test_we_believe_what_the_python_library_signs() -> None:
    """The other direction: its signature is one of ours."""
    library = import_module("standardwebhooks.webhooks")
    now = datetime.now(UTC)
    signature = library.Webhook(SHARED).sign("evt_1", now, BODY.decode())
    headers = {
        "webhook-id": "evt_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
    }

    assert verified(BODY, headers, keys=[SHARED], now_s=int(now.timestamp())) is None


@needs_node
@pytest.mark.parametrize("secret", [SHARED, OLDER], ids=["newest", "older"])
def test_the_javascript_library_believes_our_messages(secret: str) -> None:
    """The same holds for receivers that run Node."""
    asked = {
        "secret": secret,
        "body": BODY.decode(),
        "headers": dict(_headers(PRIVATE, SHARED, OLDER)),
    }
    done = subprocess.run(
        [str(NODE), "-e", DRIVER],
        input=orjson.dumps(asked),
        capture_output=True,
        check=True,
        env={**os.environ},
    )

    assert orjson.loads(done.stdout) == orjson.loads(BODY)


@needs_node
def test_the_javascript_library_refuses_a_changed_message() -> None:
    """A signature that fits another body is none there either."""
    asked = {"secret": SHARED, "body": BODY.decode() + " ", "headers": dict(_headers(SHARED))}
    done = subprocess.run(
        [str(NODE), "-e", DRIVER], input=orjson.dumps(asked), capture_output=True, check=False
    )

    assert done.returncode != 0
