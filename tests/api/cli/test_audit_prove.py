"""`plangate audit prove` believes no platform: what does not fit together is refused."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import orjson
import pytest
from typer.testing import CliRunner, Result
from typing_extensions import override

from runtime.domain.audit_leaf import Leaf
from runtime.domain.merkle import (
    Frontier,
    Subtree,
    consistency_needs,
    consistency_proof,
    inclusion_needs,
    inclusion_proof,
)
from runtime.domain.tree_head import SignedHead, TreeHead
from runtime.entrypoints.cli.audit import app
from runtime.kit.canonical_json import canonical_bytes
from tests.audit_exports import Signer

SIZE: Final = 13
FIRST: Final = 6
PLACE: Final = 4
OURS: Final = "org_ours"
AT: Final = datetime(2026, 11, 30, 9, tzinfo=UTC)
SIGNER: Final = Signer("the platform")
SALT: Final = b"s" * 32
DOCUMENT: Final = {"status": "done", "credential": "tok_a"}
LEAVES: Final = [
    Leaf(
        organization_id=OURS,
        id=f"aud_{number:026d}",
        kind="plan.executed",
        principal_id="mem_a",
        project_id=None,
        at=AT,
        key_id="apk_a",
        payload="AAAA",
        commitment=hmac.digest(SALT, canonical_bytes(DOCUMENT), "sha256").hex(),
    )
    for number in range(SIZE)
]
RECORD: Final = LEAVES[PLACE].id


def root_of(first: int, end: int) -> bytes:
    """Return the root over some leaves, from nothing but them."""
    return Frontier(0, ()).with_leaves(leaf.hash() for leaf in LEAVES[first:end]).root()


def hashes(needs: tuple[Subtree, ...]) -> dict[Subtree, bytes]:
    """Return the hashes of complete subtrees."""
    return {
        need: root_of(need.index << need.level, (need.index + 1) << need.level) for need in needs
    }


def signed(size: int) -> SignedHead:
    """Return the head of a size."""
    root = root_of(0, size).hex()
    return SIGNER.signed(TreeHead(organization_id=OURS, size=size, root=root, at=AT))


@dataclass(slots=True)
class Told:
    """Hold what the platform answers, by path."""

    answers: dict[str, Any] = field(default_factory=dict)


def honest() -> dict[str, Any]:
    """Return what an honest platform answers."""
    path = inclusion_proof(PLACE, SIZE, hashes(inclusion_needs(PLACE, SIZE)))
    grown = consistency_proof(FIRST, SIZE, hashes(consistency_needs(FIRST, SIZE)))
    proof = {
        "head": signed(SIZE).document(),
        "index": PLACE,
        "path": [item.hex() for item in path],
    }
    return {
        f"/v1/audit/records/{RECORD}": {
            "id": RECORD,
            "header": LEAVES[PLACE].header(),
            "document": DOCUMENT,
            "salt": SALT.hex(),
            "proof": proof,
        },
        "/v1/audit/keys": {"items": [SIGNER.epoch().document()]},
        "/v1/audit/proofs/consistency": {"path": [item.hex() for item in grown]},
    }


@pytest.fixture
def told() -> Told:
    """Begin honestly."""
    return Told(answers=honest())


@pytest.fixture
def prove(told: Told, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """Serve the answers, and run the command against them."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # by the base
            body = orjson.dumps(told.answers[self.path.partition("?")[0]])
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("PLANGATE_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("PLANGATE_TOKEN", "pgt_any")
        try:
            yield lambda *arguments: CliRunner().invoke(app, ["prove", *arguments])
        finally:
            server.shutdown()
            thread.join()


def kept_head(size: int = FIRST) -> list[str]:
    """Return what somebody kept of an earlier head."""
    return ["--size", str(size), "--root", root_of(0, size).hex()]


def test_what_is_true_is_proven(prove: Callable[..., Result], told: Told) -> None:
    """The record, the signature by the key that one knows, and that the log only grew."""
    known = told.answers["/v1/audit/keys"]["items"][0]["public_key"]

    result = prove(RECORD, "--key", known, *kept_head())

    assert result.exit_code == 0, result.output
    assert RECORD in result.output


@pytest.mark.parametrize("member", ["kind", "principal", "at", "payload_digest", "commitment"])
def test_a_header_that_was_altered_is_refused(
    prove: Callable[..., Result], told: Told, member: str
) -> None:
    """Whichever part of it."""
    told.answers[f"/v1/audit/records/{RECORD}"]["header"][member] = "altered"

    assert prove(RECORD).exit_code == 1


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"document": {"status": "refused"}}, id="another document"),
        pytest.param({"salt": "00" * 32}, id="another salt"),
        pytest.param({"salt": None}, id="a document without a salt"),
    ],
)
def test_what_the_leaf_does_not_commit_to_is_refused(
    prove: Callable[..., Result], told: Told, changes: dict[str, Any]
) -> None:
    """Though the leaf itself is in the log."""
    told.answers[f"/v1/audit/records/{RECORD}"].update(changes)

    assert prove(RECORD).exit_code == 1


def test_an_erased_record_is_proven_all_the_same(prove: Callable[..., Result], told: Told) -> None:
    """Without what it said."""
    told.answers[f"/v1/audit/records/{RECORD}"].update(document=None, salt=None)

    assert prove(RECORD).exit_code == 0


def test_another_record_in_its_place_is_refused(prove: Callable[..., Result], told: Told) -> None:
    """Though it is in the log, at its own place."""
    answer = told.answers[f"/v1/audit/records/{RECORD}"]
    answer["id"] = LEAVES[5].id

    assert prove(RECORD).exit_code == 1


def test_another_record_with_its_own_proof_is_refused(
    prove: Callable[..., Result], told: Told
) -> None:
    """It proves something else than what was asked for."""
    path = inclusion_proof(5, SIZE, hashes(inclusion_needs(5, SIZE)))
    answer = told.answers[f"/v1/audit/records/{RECORD}"]
    answer.update(id=LEAVES[5].id, header=LEAVES[5].header())
    answer["proof"].update(index=5, path=[item.hex() for item in path])

    result = prove(RECORD)

    assert result.exit_code == 1
    assert "another record" in result.output


@pytest.mark.parametrize("member", ["root", "size", "at", "signature"])
def test_a_head_that_was_altered_is_refused(
    prove: Callable[..., Result], told: Told, member: str
) -> None:
    """It is signed as a whole."""
    head = told.answers[f"/v1/audit/records/{RECORD}"]["proof"]["head"]
    other = signed(SIZE - 1).document()
    head[member] = "2026-01-01T00:00:00.000000Z" if member == "at" else other[member]

    assert prove(RECORD).exit_code == 1


def test_a_head_by_another_key_than_the_known_one_is_refused(prove: Callable[..., Result]) -> None:
    """Whatever the platform says of its keys."""
    assert prove(RECORD, "--key", "A" * 43).exit_code == 1


def test_a_log_that_does_not_go_on_from_a_kept_head_is_refused(
    prove: Callable[..., Result],
) -> None:
    """It was rewritten, or there are two of them."""
    assert prove(RECORD, "--size", str(FIRST), "--root", "11" * 32).exit_code == 1
    assert prove(RECORD, "--size", str(FIRST), "--root", "no hex").exit_code == 1
    assert prove(RECORD, "--size", str(FIRST)).exit_code == 5


@pytest.mark.parametrize("junk", ["zz", "", "00" * 31], ids=["no hex", "nothing", "too short"])
def test_hashes_that_are_none_are_refused(
    prove: Callable[..., Result], told: Told, junk: str
) -> None:
    """Without a fault of ours."""
    told.answers = deepcopy(told.answers)
    told.answers[f"/v1/audit/records/{RECORD}"]["proof"]["path"][0] = junk

    assert prove(RECORD).exit_code == 1


def test_what_no_head_covers_yet_is_not_proven(prove: Callable[..., Result], told: Told) -> None:
    """It will be in seconds."""
    told.answers[f"/v1/audit/records/{RECORD}"]["proof"] = None

    result = prove(RECORD)

    assert result.exit_code == 1
    assert "10 s" in result.output
