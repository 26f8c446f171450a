"""Check what the platform says of its log, on this machine, and save what others can check."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final

import typer

from runtime import audit_verifier
from runtime.client.documents.audit import AuditRecordDetailOut, InclusionOut, SignedHeadOut
from runtime.domain.audit_leaf import leaf_of_header
from runtime.domain.merkle import verify_consistency, verify_inclusion
from runtime.domain.tree_head import SignedHeadError, signed_head_of
from runtime.entrypoints.cli.client import REFUSED, USAGE, CommandError
from runtime.entrypoints.cli.console import Api, command
from runtime.entrypoints.cli.exporting import save_log
from runtime.kit.canonical_json import canonical_bytes

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)

PROVEN: Final = {"PROVEN": "proven", "SIZE": "size", "ROOT": "root", "SIGNED": "at", "KEY": "key"}


@command(app)
def prove(
    api: Api,
    record: Annotated[str, typer.Argument(metavar="RECORD", help="Its id, aud_...")],
    *,
    key: Annotated[
        str | None,
        typer.Option(metavar="PUBLIC", help="The key that must sign. [as the platform says]"),
    ] = None,
    size: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Of a head that you kept: see --root.")
    ] = None,
    root: Annotated[
        str | None, typer.Option(metavar="HEX", help="Its root: the log must go on from it.")
    ] = None,
) -> None:
    """Check that a signed head covers a record, and that the log goes on from a head you kept."""
    found = api.platform.audit.read_record(record)
    proof = found["proof"]
    if proof is None:
        raise CommandError("no head covers the record yet; try again in 10 s", exit_code=REFUSED)
    head = proof["head"]
    _require(found["id"] == record, "the platform answered with another record")
    _require(_covers(found, proof), "the proof does not lead from the record to the head's root")
    _require(_commits(found), "the leaf does not commit to the document that is shown")
    _require(_signed(api, head, key=key), "the head's signature does not fit")
    if size is not None or root is not None:
        _require(_goes_on(api, head, size=size, root=root), "the log does not go on from that head")
    api.show({**head, "proven": record}, PROVEN)


@command(app)
def export(
    api: Api, file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that is new.")]
) -> None:
    """Save the log as lines of JSON that anybody can check with `plangate audit verify`."""
    told = save_log(api, file)
    if api.as_json:
        api.print_json(told)
    else:
        typer.echo(f"{told['end']} leaves and {told['heads']} signed heads in {file}")


@app.command()
def verify(
    export: Annotated[Path, typer.Argument(metavar="EXPORT", help="What `export` saved.")],
    *,
    key: Annotated[
        str | None, typer.Option(metavar="PUBLIC", help="The first key, as you know it.")
    ] = None,
    anchors: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Anchors, as a sink holds them.")
    ] = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="Rebuild each project's state as well.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Check an export; no platform is asked.

    Exit codes: 0 good, 1 tampered with, 2 nothing to check, 5 wrong usage.
    """
    arguments = [str(export)]
    arguments += [] if key is None else [f"--key={key}"]
    arguments += [] if anchors is None else [f"--anchors={anchors}"]
    arguments += ["--replay"] if replay else []
    arguments += ["--json"] if as_json else []
    raise typer.Exit(audit_verifier.main(arguments))


def _covers(record: AuditRecordDetailOut, proof: InclusionOut) -> bool:
    leaf, head = leaf_of_header(record["header"]), proof["head"]
    named = (record["header"]["id"], record["header"]["organization"])
    return named == (record["id"], head["organization"]) and verify_inclusion(
        leaf,
        index=proof["index"],
        size=head["size"],
        proof=_hashes(proof["path"]),
        root=_hash(head["root"]),
    )


def _commits(record: AuditRecordDetailOut) -> bool:
    """Say whether a record holds what it is shown with; an erased one is shown with nothing."""
    document, salt = record["document"], record["salt"]
    if document is None or salt is None:
        return document is None and salt is None
    shown = hmac.digest(_hash(salt), canonical_bytes(document), "sha256").hex()
    return hmac.compare_digest(shown, str(record["header"]["commitment"]))


def _signed(api: Api, head: SignedHeadOut, *, key: str | None) -> bool:
    """Say whether a key of the platform, or the one that is given, signed a head."""
    known = {item["key"]: item["public_key"] for item in api.platform.audit.list_keys()["items"]}
    public = known.get(head["key"], "")
    if key is not None and key != public:
        return False
    try:
        signed = signed_head_of(head)
    except SignedHeadError:
        return False
    return audit_verifier.signature_fits(
        _bytes(public), signed.head.signed_bytes(), _bytes(signed.signature)
    )


def _goes_on(api: Api, head: SignedHeadOut, *, size: int | None, root: str | None) -> bool:
    if size is None or root is None:
        raise CommandError("--size and --root belong together: of one head", exit_code=USAGE)
    proof = api.platform.audit.prove_consistency(first=size, second=head["size"])
    return verify_consistency(
        size,
        head["size"],
        first_root=_hash(root),
        second_root=_hash(head["root"]),
        proof=_hashes(proof["path"]),
    )


def _bytes(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""  # which fits nothing


def _hashes(texts: Iterable[str]) -> list[bytes]:
    return [_hash(text) for text in texts]


def _hash(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""  # as above


def _require(fits: object, problem: str) -> None:
    """Refuse what does not fit.

    Raises:
        CommandError: it does not.
    """
    if not fits:
        raise CommandError(f"{problem}: the log was tampered with", exit_code=REFUSED)
