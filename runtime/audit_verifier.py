"""Check an export of an audit log, and the anchors of it, with nothing but Python 3.11 or later.

    python audit_verifier.py EXPORT [--key PUBLIC] [--anchors DIR] [--replay] [--json]

Exits with 0 if all is as it was signed, 1 if it was tampered with (the first bad leaf is named), 2
if there is nothing to check. It imports nothing of Plangate, so that whoever does not trust us can
read all of it and run it elsewhere: that is why it is one file, longer than others. The rules stand
in `docs/audit.md`. It reads line by line; of an anchor it keeps the hashes while it passes them.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

EXPORT_FORMAT: Final = "plangate-audit-export/1"
ANCHOR_FORMAT: Final = "plangate-audit-anchor/1"
VERDICTS: Final = ("good", "tampered", "unreadable")
MOST_BYTES: Final = 64 * 2**20  # of a line, and of an anchor
MOST_WAITING: Final = 10_000  # versions that stand before the one they follow; usually a few
CLOCKS_APART: Final = timedelta(minutes=5)
LEAF_MEMBERS: Final = {"leaf", "header", "hash", "payload", "document", "salt"}
STATE_KINDS: Final = ("project.created", "plan.", "state.reverted")
# What reading raises where something is not formed as it should be.
ODD: Final = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
Json = Any  # whatever somebody wrote into a file


class UnreadableError(Exception):
    """Report that there is no export, or no anchor, to check."""


@dataclass(kw_only=True, eq=False)
class TamperedError(Exception):
    """Say what is wrong, and where: the numbers of the first and the last leaf that may be bad."""

    problem: str
    leaf: int | None = None
    last: int | None = None
    id: str | None = None
    after_head: int = 0
    before_head: int | None = None


@dataclass(kw_only=True)
class Report:
    """Say what was checked, and what came of it; `signed` leaves stand below a head."""

    verdict: str = "good"
    problem: str | None = None
    organization: str = ""
    exported_at: str = ""
    leaves: int = 0
    heads: int = 0
    signed: int = 0
    documents: int = 0
    keys: list[str] = field(default_factory=list)
    pinned: bool = False
    anchors: int = 0
    later_anchors: int = 0
    other_files: int = 0
    versions: int = 0
    projects: int = 0
    lost_projects: list[str] = field(default_factory=list)
    fault: TamperedError | None = None


class Real:
    """Keep a number with a fraction or an exponent as it is spelled: so it was digested."""

    def __init__(self, text: str) -> None:
        self.text = text


def _once_each(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError("a member stands there twice")
    return found


_DECODER: Final = json.JSONDecoder(  # int() refuses NaN and the infinities
    object_pairs_hook=_once_each, parse_float=Real, parse_constant=int
)
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def parsed(raw: bytes) -> Json:
    """Read a document in which no member stands twice."""
    return _DECODER.decode(raw.decode())


def canonical(value: Json) -> bytes:
    """Return the canonical spelling of a document."""
    with suppress(TypeError):
        if (text := _ENCODER.encode(value)).isascii():
            return text.encode()
    return _spelled(value).encode()


def _spelled(value: Json) -> str:
    """Spell what the standard library spells otherwise: fractions, and keys beyond ASCII."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{_spelled(key)}:{_spelled(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_spelled, value)) + "]"
    return value.text if isinstance(value, Real) else _ENCODER.encode(value)


P: Final = 2**255 - 19
ORDER: Final = 2**252 + 27742317777372353535851937790883648493
D: Final = -121665 * pow(121666, -1, P) % P
BASE: Final = bytes.fromhex("58" + "66" * 31)
Point = tuple[int, int, int, int]


def _added(one: Point, other: Point) -> Point:
    (x, y, z, t), (u, v, w, s) = one, other
    a, b = (y - x) * (v - u) % P, (y + x) * (v + u) % P
    c, d = 2 * t * s * D % P, 2 * z * w % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _point(data: bytes) -> Point:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    if y >= P or x * x % P != square or (x == 0 and sign):
        raise ValueError("no point of the curve")
    x = x if x & 1 == sign else P - x
    return x, y, 1, x * y % P


@lru_cache(maxsize=64)
def _multiples(data: bytes) -> Sequence[Sequence[Point]]:
    """Return 0 to 15 times a point, then 0 to 15 times sixteen of it, and so on."""
    rows, step = [], _point(data)
    for _ in range(64):
        row: list[Point] = [(0, 1, 1, 0)]
        for _ in range(15):
            row.append(_added(row[-1], step))
        rows.append(row)
        step = _added(row[-1], step)
    return rows


def signature_fits(public: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the private half of a public key signed a message."""
    scalar = int.from_bytes(signature[32:], "little")
    if len(public) != 32 or len(signature) != 64 or scalar >= ORDER:  # noqa: PLR2004
        return False
    asked = hashlib.sha512(signature[:32] + public + message).digest()
    point, less = (0, 1, 1, 0), ORDER - int.from_bytes(asked, "little") % ORDER
    for factor, data in ((scalar, BASE), (less, public)):
        for place, row in enumerate(_multiples(data)):
            point = _added(point, row[factor >> 4 * place & 15])
    x, y, z, _ = point
    down = pow(z, -1, P)
    return (y * down % P | (x * down % P & 1) << 255).to_bytes(32, "little") == signature[:32]


def _unpadded(text: str) -> bytes:
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise ValueError(f"{text} is no base64url without padding")
    return data


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def keys_of(epochs: Sequence[Json], *, pinned: bytes | None) -> dict[str, bytes]:
    """Return the keys that may sign heads, by id: each endorsed by the one before, in order."""
    keys: dict[str, bytes] = {}
    before: str | None = None
    for epoch in epochs:
        public, key, by = _unpadded(epoch["public_key"]), epoch["key"], epoch["endorsed_by"]
        said = {name: told for name, told in epoch.items() if name != "endorsement"}
        message = b"plangate/audit/key/1\n" + canonical(said)
        named = f"ak_{hashlib.sha256(public).hexdigest()[:16]}"
        if key != named or key in keys:
            raise TamperedError(problem=f"key {key}: its id is not that of a new key")
        if by != before:
            raise TamperedError(problem=f"key {key}: endorsed by {by}, expected {before}")
        if before is None and pinned not in {None, public}:
            raise TamperedError(problem=f"key {key}: the first key is not the one of --key")
        if before is not None and not signature_fits(
            keys[before], message, _unpadded(epoch["endorsement"] or "")
        ):
            raise TamperedError(problem=f"key {key}: {before} did not endorse it")
        before, keys[key] = key, public
    return keys


def head_problem(head: Json, *, organization: str, keys: Mapping[str, bytes]) -> str | None:
    """Return what is wrong with a head in itself."""
    if head["organization"] != organization:
        return f"it belongs to organization {head['organization']}"
    if head["key"] not in keys:
        return f"it is signed by {head['key']}, which no key of the log endorsed"
    said = {name: told for name, told in head.items() if name not in {"key", "signature"}}
    message = b"plangate/audit/head/1\n" + canonical(said)
    if signature_fits(keys[head["key"]], message, _unpadded(head["signature"])):
        return None
    return f"its signature is not one of key {head['key']}"


@dataclass(kw_only=True)
class Anchor:
    """Hold a signed head that a sink kept and, while the log passes them, hashes of leaves."""

    path: Path
    start: int
    head: Json
    leaves: Sequence[str] = ()

    def told(self) -> str:
        """Say what it proves."""
        return f"anchor {self.path} has {self.head['size']} leaves signed at {self.head['at']}"


def anchors_below(folder: Path, report: Report, keys: Mapping[str, bytes]) -> list[Anchor]:
    """Return the anchors of an organization below a folder, those of its last leaves first."""
    found = []
    for path in sorted(item for item in folder.rglob("*") if item.is_file()):
        head: Json = None
        with suppress(*ODD):
            document = parsed(path.read_bytes() if path.stat().st_size <= MOST_BYTES else b"")
            head = document["head"] if document["format"] == ANCHOR_FORMAT else None
            if head["organization"] != report.organization:
                head = None
        if head is None:
            report.other_files += 1
            continue
        problem: str | None = "it has not the leaves between its two sizes"
        with suppress(*ODD):
            _instant(head["at"])
            if document["leaves"] and document["from"] == head["size"] - len(document["leaves"]):
                problem = head_problem(head, organization=report.organization, keys=keys)
        if problem is not None:
            raise TamperedError(problem=f"anchor {path}: {problem}")
        found.append(Anchor(path=path, start=document["from"], head=head))
    if not found:
        raise UnreadableError(f"{folder} holds no anchor of {report.organization}")
    return sorted(found, key=lambda anchor: anchor.start, reverse=True)


def leaf_problem(line: Json, *, organization: str) -> str | None:
    """Return what is wrong with a leaf in itself."""
    header, document, salt = line["header"], line["document"], line["salt"]
    if set(line) != LEAF_MEMBERS or header["v"] != 1:
        return "it has not the members of a leaf"
    if header["organization"] != organization:
        return f"it belongs to organization {header['organization']}"
    if hashlib.sha256(b"\x00" + canonical(header)).hexdigest() != line["hash"]:
        return "its hash is not that of its header"
    payload = f"sha256:{hashlib.sha256(line['payload'].encode()).hexdigest()}"
    if header["payload_digest"] != payload:
        return "its payload is not the one that its header names"
    if document is None and salt is None:
        return None
    shown = hmac.digest(bytes.fromhex(salt), canonical(document), "sha256").hex()
    return None if shown == header["commitment"] else "its document is not the one committed to"


def patched(state: Json, operations: Sequence[Json]) -> Json:
    """Apply a diff of the log (add, remove and replace of RFC 6902), in place."""
    for operation in operations:
        op, tokens = operation["op"], operation["path"].split("/")[1:]
        if not tokens:
            state = operation["value"]
            continue
        place = state
        *parents, last = (token.replace("~1", "/").replace("~0", "~") for token in tokens)
        for token in parents:
            place = place[int(token) if isinstance(place, list) else token]
        key = int(last) if isinstance(place, list) else last
        if op == "remove":
            del place[key]
        elif op == "add" and isinstance(place, list):
            place.insert(key, operation["value"])
        else:
            place[key] = operation["value"]
    return state


class Replay:
    """Rebuild the states of projects from the records of what changed them."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._states: dict[str, tuple[int, Json]] = {}
        self._waiting: dict[str, dict[int, tuple[Json, TamperedError]]] = {}
        self._erased: set[str] = set()

    def take(self, header: Json, document: Json, here: TamperedError) -> None:
        """Take in the versions that a record made; `here` is what to raise if they are wrong."""
        project = header["project"]
        if project is None or not header["kind"].startswith(STATE_KINDS):
            return
        if document is None:
            self._erased.add(project)
        waiting = self._waiting.setdefault(project, {})
        for made in (document or {}).get("versions", ()):
            waiting[made["version"]] = made, here
        version, state = self._states.get(project, (-1, None))
        while version + 1 in waiting:
            version += 1
            made, here = waiting.pop(version)
            state = patched(state, made["diff"])
            rebuilt = f"sha256:{hashlib.sha256(canonical(state)).hexdigest()}"
            if rebuilt != made["digest"]:
                here.problem = f"version {version} of {project} is not the state recorded"
                raise here
            self._states[project] = version, state
            self._report.versions += 1
        if len(waiting) > MOST_WAITING:
            self._give_up(project)

    def end(self) -> None:
        """Find versions that never came."""
        for project in self._waiting:
            self._give_up(project)
        self._report.projects = len(self._states)

    def _give_up(self, project: str) -> None:
        """Drop what waits: it is no fault where records were erased, or began too late."""
        waiting = self._waiting[project]
        if waiting and project in self._states and project not in self._erased:
            first = min(waiting)
            here = waiting[first][1]
            here.problem = f"{project} has no version {self._states[project][0] + 1}, but {first}"
            raise here
        if waiting and project not in self._report.lost_projects:
            self._report.lost_projects.append(project)
        waiting.clear()


class Log:
    """Follow a log from its first leaf to its last, and stop at the first that is not right."""

    def __init__(self, first: Json, report: Report, *, key: str | None, replay: bool) -> None:
        self.report = report
        self.keys = keys_of(first["keys"], pinned=None if key is None else _unpadded(key))
        self.anchors: list[Anchor] = []  # that are still to come, the next one last
        self._told = first["size"]
        self._replay = Replay(report) if replay else None
        self._tops: list[bytes] = []
        self._passing: list[Anchor] = []
        self._owed: list[Anchor] = []  # whose head must follow here
        self._key = 0
        self._ended = False

    def take(self, raw: bytes) -> None:
        """Take in one line behind the first."""
        try:
            line = parsed(raw)
            if self._ended:
                raise ValueError("there is more behind the end")
            reader = self._head if "head" in line else self._leaf if "leaf" in line else self._end
            reader(line)
        except ODD as error:
            raise self._here(f"malformed: {type(error).__name__}: {error}") from None

    def end(self) -> None:
        """Find what is missing behind the last line."""
        if not self._ended:
            raise self._here(f"the export breaks off before this leaf, of {self._told}")
        before = _instant(self.report.exported_at) - CLOCKS_APART
        for anchor in (*self._passing, *reversed(self.anchors)):
            if _instant(anchor.head["at"]) <= before:
                raise self._here(f"the log ends before this leaf; {anchor.told()}")
            self.report.later_anchors += 1
        if self._replay is not None:
            self._replay.end()
        if self.report.leaves and not self.report.signed:
            raise UnreadableError("no head signs any of its leaves yet")

    def _leaf(self, line: Json) -> None:
        report, header, leaf = self.report, line["header"], line["hash"]
        here = self._here("", named=header["id"])
        here.problem = leaf_problem(line, organization=report.organization) or ""
        if line["leaf"] != report.leaves:
            here.problem = f"expected is this leaf, found is number {line['leaf']}"
        if here.problem:
            raise here
        self._pay_heads()
        while self.anchors and self.anchors[-1].start <= report.leaves:
            self._passing.append(self.anchors.pop())
            self._passing[-1].leaves = parsed(self._passing[-1].path.read_bytes())["leaves"]
        for anchor in self._passing:
            if anchor.leaves[report.leaves - anchor.start] != leaf:
                here.problem = f"another leaf was here; {anchor.told()}"
                raise here
        if self._replay is not None:
            self._replay.take(header, line["document"], here)
        report.documents += line["document"] is not None
        self._grow(bytes.fromhex(leaf))

    def _grow(self, top: bytes) -> None:
        complete = self.report.leaves
        while complete & 1:
            top = hashlib.sha256(b"\x01" + self._tops.pop() + top).digest()
            complete >>= 1
        self._tops.append(top)
        self.report.leaves += 1
        self._owed = [item for item in self._passing if item.head["size"] == self.report.leaves]
        for anchor in self._owed:
            self._passing.remove(anchor)
            self.report.anchors += 1
            if anchor.head["root"] != self._root():
                raise self._below(f"one of these leaves is another one; {anchor.told()}")

    def _root(self) -> str:
        top = self._tops[-1]
        for left in self._tops[-2::-1]:
            top = hashlib.sha256(b"\x01" + left + top).digest()
        return top.hex()

    def _pay_heads(self) -> None:
        if self._owed and self.report.leaves != self.report.signed:
            raise self._below(f"the head above these leaves is missing; {self._owed[0].told()}")

    def _head(self, line: Json) -> None:
        head, report, names = line["head"], self.report, list(self.keys)
        problem = head_problem(head, organization=report.organization, keys=self.keys)
        if problem is None and head["size"] > report.leaves:
            raise self._missing(head["size"])
        if problem is None and not report.signed < head["size"] == report.leaves:
            problem = f"it stands behind {report.leaves} leaves and a head of {report.signed}"
        if problem is None and any(anchor.head != head for anchor in self._owed):
            problem = f"it is not the one that was anchored; {self._owed[0].told()}"
        if problem is None and (its_key := names.index(head["key"])) < self._key:
            problem = f"its key {head['key']} was succeeded by {names[self._key]}"
        if problem is not None:
            raise self._below(f"the head of size {head.get('size')}: {problem}")
        if head["root"] != self._root():
            raise self._below("one of these leaves is not the one that the head signs")
        report.heads, report.signed, self._key = report.heads + 1, report.leaves, its_key

    def _end(self, line: Json) -> None:
        self._pay_heads()
        told = (self._told, line["end"], line["heads"])
        if told != (self.report.leaves, self.report.leaves, self.report.heads):
            raise self._here(f"size, end and heads are {told}, which is not what stands here")
        self._ended = True

    def _here(self, problem: str, *, named: str | None = None) -> TamperedError:
        at, signed = self.report.leaves, self.report.signed
        return TamperedError(problem=problem, leaf=at, last=at, id=named, after_head=signed)

    def _below(self, problem: str) -> TamperedError:
        """Blame any of the leaves since the last head, or the head above them."""
        fault = self._here(problem)
        fault.leaf, fault.last = self.report.signed, self.report.leaves - 1
        fault.before_head = self.report.leaves
        return fault

    def _missing(self, size: int) -> TamperedError:
        """Blame the leaf that is missing here, if all before it are those of an anchor, or any."""
        problem = f"{size - self.report.leaves} leaves are missing below the head of size {size}"
        fault = self._below(problem)
        fault.last = size - 1
        if self._passing:
            fault.problem = f"{problem}; {self._passing[0].told()}"
            fault.leaf = fault.last = self.report.leaves
        return fault


def check(lines: Iterator[bytes], asked: argparse.Namespace, report: Report) -> None:
    """Check an export; raise what is wrong."""
    try:
        first = parsed(next(lines, b""))
        if first["format"] != EXPORT_FORMAT:
            raise ValueError("another format")
        report.organization, report.exported_at = first["organization"], first["exported_at"]
        _instant(report.exported_at)
        log = Log(first, report, key=asked.key, replay=asked.replay)
    except ODD as error:
        raise UnreadableError(f"no export of form {EXPORT_FORMAT}, or no key: {error}") from None
    report.keys, report.pinned = list(log.keys), asked.key is not None
    if asked.anchors is not None:
        log.anchors = anchors_below(Path(asked.anchors), report, log.keys)
    for line in lines:
        log.take(line)
    log.end()


def said(report: Report) -> Iterator[str]:
    """Say in words what was found."""
    yield f"{report.verdict.upper()}: {report.problem or report.organization}"
    if report.verdict == "unreadable":
        return
    if (fault := report.fault) is not None and fault.leaf is not None:
        span = fault.leaf if fault.leaf == fault.last else f"one of {fault.leaf} to {fault.last}"
        yield f"first bad leaf: {span}" + (f", {fault.id}" if fault.id else "")
        yield f"after the head of size {fault.after_head}, before that of {fault.before_head}"
    yield f"exported at {report.exported_at}: {report.leaves} leaves below {report.heads} heads"
    if report.leaves > report.signed:
        yield f"not signed yet: the leaves from {report.signed} on"
    if not report.pinned:
        yield f"compare the first key with the one you were told, or give --key: {report.keys}"
    yield f"{report.anchors} anchors compared, {report.later_anchors} go on after this export"
    yield f"{report.projects} projects rebuilt, in {report.versions} versions"
    if report.lost_projects:
        yield f"not rebuilt, for records are erased or began later: {report.lost_projects}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the export that a command line names."""
    parser = argparse.ArgumentParser(description="Check an export of an audit log.")
    parser.add_argument("export", help="the file")
    parser.add_argument("--key", help="the first public key, as you were told it (base64url)")
    parser.add_argument("--anchors", help="a folder with anchors, as a sink holds them")
    parser.add_argument("--replay", action="store_true", help="rebuild the states of projects")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    asked, report = parser.parse_args(arguments), Report()
    try:
        with Path(asked.export).open("rb") as file:
            lines = iter(lambda: file.readline(MOST_BYTES), b"")
            try:
                check(lines, asked, report)
            except TamperedError as fault:
                report.verdict, report.problem, report.fault = "tampered", fault.problem, fault
                while fault.before_head is None and (line := next(lines, None)):
                    with suppress(*ODD):
                        fault.before_head = parsed(line)["head"]["size"]
    except (UnreadableError, OSError) as error:
        report.verdict, report.problem = "unreadable", str(error)
    told = [json.JSONEncoder().encode(asdict(report))] if asked.json else said(report)
    for text in told:  # what could move a terminal's cursor is spelled out
        safe = (letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
        sys.stdout.write(f"{''.join(safe)}\n")
    return VERDICTS.index(report.verdict)


if __name__ == "__main__":
    sys.exit(main())
