"""Tests of the published verifiers: what the platform signs is believed, and nothing else is."""

from __future__ import annotations

import shutil
import subprocess
import sys
from base64 import b64encode
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import orjson
import pytest

from runtime.kit.webhook_signature import signature_headers
from tests.docs.webhook_messages import (
    BODY,
    MESSAGES,
    NOW_S,
    PRIVATE,
    PUBLIC,
    SHARED,
    Message,
    signed,
)

DOCS = Path(__file__).resolve().parents[2] / "docs"
NODE = shutil.which("node")
DRIVER = """
import { verify } from "VERIFIER";
let text = "";
for await (const chunk of process.stdin) text += chunk;
const answers = JSON.parse(text).map(({ headers, body, keys, nowS }) => {
  try {
    return verify(Buffer.from(body, "base64"), headers, { keys, nowS });
  } catch (error) {
    return `${error.constructor.name}: ${error.message}`;
  }
});
process.stdout.write(JSON.stringify(answers));
"""
needs_node = pytest.mark.skipif(NODE is None, reason="no `node` on PATH: install Node 18 or newer")


def _verifier() -> ModuleType:
    spec = spec_from_file_location("verify_webhook", DOCS / "verify_webhook.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_there_are_many_messages() -> None:
    """Each way to change a message is one, for both schemes."""
    assert len({message.name for message in MESSAGES}) == len(MESSAGES) >= 60


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.name)
def test_python_believes_what_was_signed_and_nothing_else(message: Message) -> None:
    """The file to copy into a receiver tells each message as it has to."""
    verifier = _verifier()
    if message.says is None:
        found = verifier.verify(
            message.body, message.headers, keys=message.keys, now_s=message.now_s
        )
        assert found == "evt_1"
        return
    with pytest.raises(ValueError, match=message.says):
        verifier.verify(message.body, message.headers, keys=message.keys, now_s=message.now_s)


def test_a_broken_key_is_not_taken_for_a_forged_message() -> None:
    """A receiver that answers 400 to forgeries sees its own wrong setting as another error."""
    verifier = _verifier()
    with pytest.raises(ValueError, match="no base64") as raised:
        verifier.verify(BODY, signed(SHARED), keys=["whsec_ ?"], now_s=NOW_S)

    assert not isinstance(raised.value, verifier.NotVerified)


def test_python_believes_by_the_clock_of_its_machine() -> None:
    """Without another clock, a message of long ago or of the future is not believed."""
    verifier = _verifier()
    with pytest.raises(verifier.NotVerified, match="s ago"):
        verifier.verify(BODY, signed(SHARED), keys=[SHARED])


@needs_node
def test_javascript_answers_as_python_does(tmp_path: Path) -> None:
    """Both files tell each message alike, and for the same reason."""
    driver = tmp_path / "driver.mjs"
    verifier = (DOCS / "verify_webhook.mjs").as_uri()
    driver.write_text(DRIVER.replace("VERIFIER", verifier), encoding="utf-8")
    asked = [
        {
            "headers": dict(message.headers),
            "body": b64encode(message.body).decode(),
            "keys": list(message.keys),
            "nowS": message.now_s,
        }
        for message in MESSAGES
    ]
    answered = subprocess.run(
        [str(NODE), str(driver)], input=orjson.dumps(asked), capture_output=True, check=True
    )

    answers = orjson.loads(answered.stdout)
    for message, answer in zip(MESSAGES, answers, strict=True):
        expected = "evt_1" if message.says is None else message.says
        assert expected in answer, message.name
        assert (answer == "evt_1") == (message.says is None), message.name


def _commands() -> list[list[str]]:
    python = [[sys.executable, str(DOCS / "verify_webhook.py")]]
    return python if NODE is None else [*python, [NODE, str(DOCS / "verify_webhook.mjs")]]


@pytest.mark.parametrize("command", _commands(), ids=lambda command: Path(command[0]).name)
@pytest.mark.parametrize("key", [SHARED, PUBLIC], ids=["v1", "v1a"])
def test_a_kept_message_can_be_verified_by_hand(
    command: list[str], key: str, tmp_path: Path
) -> None:
    """The command says of a body and its headers whether they can be believed, and exits so."""
    secrets = (SHARED,) if key == SHARED else (PRIVATE,)
    headers = tmp_path / "headers.txt"
    lines = ["HTTP/1.1 200 OK", *(f"{k.title()}: {v}" for k, v in signed(*secrets).items()), ""]
    headers.write_text("\r\n".join(lines), encoding="utf-8", newline="")
    asked = [*command, "--key", key, "--headers", str(headers), "--at", str(NOW_S)]

    good = subprocess.run(asked, input=BODY, capture_output=True, check=False)
    bad = subprocess.run(asked, input=BODY + b"\n", capture_output=True, check=False)
    assert (good.returncode, good.stdout.strip()) == (0, b"verified: evt_1")
    assert (bad.returncode, bad.stdout.strip()) == (1, b"not verified: no signature fits a key")


def test_python_needs_no_package_for_shared_secrets() -> None:
    """Where `cryptography` is not installed, `v1` is verified, and `v1a` says what is missing."""
    program = (
        "import sys; sys.modules['cryptography'] = None; sys.path.insert(0, sys.argv[1])\n"
        "from verify_webhook import verify\n"
        "headers = dict(item.split('=', 1) for item in sys.argv[3:])\n"
        f"print(verify(b'x', headers, keys=[sys.argv[2]], now_s={NOW_S}))\n"
    )
    headers = [f"{name}={value}" for name, value in _of_x().items()]
    for key, said in ((SHARED, b"evt_1"), (PUBLIC, b"needs the package 'cryptography'")):
        done = subprocess.run(
            [sys.executable, "-c", program, str(DOCS), key, *headers],
            capture_output=True,
            check=False,
        )
        assert said in done.stdout + done.stderr


def _of_x() -> dict[str, str]:
    made = signature_headers(b"x", secrets=[SHARED, PRIVATE], message_id="evt_1", timestamp_s=NOW_S)
    return dict(made)
