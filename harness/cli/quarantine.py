"""Carry out `plangate eval quarantine`: propose what past runs show to be flaky, and sign it."""

from __future__ import annotations

import glob
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

import orjson
from rich.console import Console

from harness.bootstrap import ConfigurationError
from harness.cli.reading import complain
from harness.flakiness import Judged, PastRun, Standing, Subject, judge_all
from harness.quarantine import Quarantine, Quarantined, read_quarantine
from harness.results import MANIFEST, RunError, read_manifest, read_records
from harness.stats.change import Counts
from harness.trial import TrialStatus
from harness.yaml_source import SourceError
from runtime.public import JsonObject

HEAD = "# Scenarios set aside for a while; they still run and show.\n"
KEY = "quarantine:"
ITEM = re.compile(r"(?m)^( *)- ")
EMPTY = re.compile(r"(?m)^quarantine: *\[ *\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineOptions:
    """Hold the command line.

    Attributes:
        runs: folders of past runs; none means all below `below`.
        below: where runs lie.
        days: how long new entries last.
        write: the quarantine file that gets them.
    """

    runs: tuple[Path, ...]
    below: Path
    owner: str | None
    days: int
    write: Path | None
    json: bool


def quarantine_command(options: QuarantineOptions, *, today: date) -> int:
    """Print what is flaky, add it to a file if told to, and return the exit code."""
    console = Console(stderr=options.json, soft_wrap=True)
    try:
        _refuse(options)
        runs, unread = _past_runs(options)
        for line in unread:
            _tell(console, f"left out: {line}")
        flaky, entries = _proposed(options, runs, today=today)
        if options.write is not None and entries:
            _write(options.write, entries)
    except (ConfigurationError, RunError, SourceError) as error:
        return complain(error)
    except OSError as error:
        return complain(ConfigurationError(f"{options.write} can't be written: {error.strerror}"))
    if options.json:
        sys.stdout.buffer.write(_json(runs, flaky, entries))
    else:
        _print(console, options, runs=runs, judged=flaky, entries=entries)
    return 0


def _refuse(options: QuarantineOptions) -> None:
    """Refuse an entry that nobody answers for."""
    if options.days < 1:
        raise ConfigurationError(f"--days is {options.days}, expected at least 1")
    if options.write is not None and not (options.owner or "").strip():
        raise ConfigurationError(
            f"--write {options.write} needs --owner NAME: somebody has to answer for what is set "
            "aside"
        )


def _past_runs(options: QuarantineOptions) -> tuple[tuple[PastRun, ...], tuple[str, ...]]:
    """Read runs; of those that nobody named, one that can't be read is left out and told."""
    found: dict[str, PastRun] = {}
    unread: list[str] = []
    for folder in options.runs or _below(options.below):
        try:
            run = _past_run(folder)
        except RunError as error:
            if options.runs:
                raise
            unread.append(str(error))
            continue
        found[run.manifest.run] = run
    return tuple(found.values()), tuple(unread)


def _below(folder: Path) -> list[Path]:
    found = sorted(path.parent for path in folder.glob(f"*/{MANIFEST}"))
    if not found:
        raise ConfigurationError(f"there is no run below {folder}; name the folders of past runs")
    return found


def _past_run(folder: Path) -> PastRun:
    counts: dict[Subject, Counts] = defaultdict(Counts)
    findings: Counter[Subject] = Counter()
    for record in read_records(folder):
        if record.status is not TrialStatus.SCORED:
            continue
        subject = Subject(scenario=record.key.scenario, model=record.key.model)
        passed = record.passed is True
        counts[subject] = counts[subject].plus(Counts(passed=passed, failed=not passed))
        findings[subject] += len(record.findings)
    return PastRun(manifest=read_manifest(folder), counts=dict(counts), findings=findings)


def _proposed(
    options: QuarantineOptions, runs: Sequence[PastRun], *, today: date
) -> tuple[tuple[Judged, ...], tuple[Quarantined, ...]]:
    """Return how every scenario stands, and entries for the flaky ones that have none yet."""
    judged = judge_all(runs)
    exists = options.write is not None and options.write.exists()
    known = read_quarantine(options.write) if exists and options.write else Quarantine()
    until = today + timedelta(days=options.days)
    entries = tuple(
        Quarantined(
            scenario=item.subject.scenario,
            owner=(options.owner or "").strip() or "nobody yet",
            reason=f"Flaky: {item.evidence}.",
            until=until,
            model=glob.escape(item.subject.model),
        )
        for item in judged
        if item.standing is Standing.FLAKY and not _set_aside(known, item.subject)
    )
    return judged, entries


def _set_aside(known: Quarantine, subject: Subject) -> bool:
    return any(
        item.scenario == subject.scenario and fnmatchcase(subject.model, item.model)
        for item in known.quarantine
    )


def _write(path: Path, entries: Sequence[Quarantined]) -> None:
    """Add entries below those that are there; not a byte of the old text changes.

    Raises:
        ConfigurationError: the file is written in a way that nothing can be added to.
        OSError: it can't be written; the old one is as it was.
    """
    old = path.read_text(encoding="utf-8") if path.exists() else f"{HEAD}{KEY}\n"
    known = read_quarantine(path).quarantine if path.exists() else ()
    indent = ITEM.search(old)
    added = "".join(_spelled(entry, indent[1] if indent else "  ") for entry in entries)
    old = EMPTY.sub(KEY, old)
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.write_text(old + ("" if old.endswith("\n") else "\n") + added, encoding="utf-8")
        _require_added(draft, (*known, *entries), path=path, added=added)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _require_added(draft: Path, wanted: tuple[Quarantined, ...], *, path: Path, added: str) -> None:
    try:
        found: tuple[Quarantined, ...] | None = read_quarantine(draft).quarantine
    except SourceError:
        found = None
    if found != wanted:
        raise ConfigurationError(
            f"{path} is written in a way that nothing can be added to; write one entry a line "
            f"block below '{KEY}', or add these lines yourself:\n{added}"
        )


def _spelled(entry: Quarantined, indent: str) -> str:
    """Spell an entry; texts as JSON, which YAML reads as they are."""
    texts = {
        name: orjson.dumps(value).decode()
        for name, value in (
            ("owner", entry.owner),
            ("reason", entry.reason),
            ("until", entry.until.isoformat()),
            ("model", entry.model),
        )
    }
    lines = [f"{indent}- scenario: {entry.scenario}"]
    lines += [f"{indent}  {name}: {text}" for name, text in texts.items()]
    return "\n".join(lines) + "\n"


def _json(
    runs: Sequence[PastRun], judged: Sequence[Judged], entries: Sequence[Quarantined]
) -> bytes:
    return orjson.dumps(
        {
            "runs": [run.manifest.run for run in runs],
            "proposed": [entry.model_dump(mode="json") for entry in entries],
            "scenarios": [_document(item) for item in judged],
        },
        option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE,
    )


def _document(item: Judged) -> JsonObject:
    return {
        "scenario": item.subject.scenario,
        "model": item.subject.model,
        "standing": item.standing.value,
        "history": [[period.passed, period.trials] for period in item.history],
        "findings": item.findings,
        "evidence": item.evidence,
    }


def _print(
    console: Console,
    options: QuarantineOptions,
    *,
    runs: Sequence[PastRun],
    judged: Sequence[Judged],
    entries: Sequence[Quarantined],
) -> None:
    """Print a line for each scenario that is flaky or changed, and how many are neither."""
    counts = Counter(item.standing for item in judged)
    for standing in (Standing.FLAKY, Standing.CHANGED):
        for item in (it for it in judged if it.standing is standing):
            _tell(console, _line(item))
    told = ", ".join(f"{counts[standing]} {standing.value}" for standing in Standing)
    _tell(console, f"{len(runs)} runs: {told}")
    if options.write is not None:
        _tell(console, f"{options.write}: {len(entries)} entries added")
    elif entries:
        _tell(console, "set them aside with --write FILE --owner NAME")


def _line(item: Judged) -> str:
    governed = f"; {item.findings} governance findings count all the same" if item.findings else ""
    subject = f"{item.subject.scenario} ({item.subject.model})"
    return f"{item.standing.value}: {subject}: {item.evidence}{governed}"


def _tell(console: Console, line: str) -> None:
    console.print(line, markup=False, highlight=False)
