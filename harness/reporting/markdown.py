"""Write a run as Markdown: one comment of a pull request, one step summary.

The first line is a hidden mark by which the comment is found and replaced. Foreign text stands in
code with every punctuation mark as a character reference: no link, mention or markup comes of it.
"""

from __future__ import annotations

import string

from harness.checks import Verdict
from harness.comparison import Comparison
from harness.record import RunRecord
from harness.reporting.html import headline
from harness.reporting.selection import worst_pairs
from harness.reporting.wording import (
    UNKNOWN,
    count,
    dollars,
    duration,
    interval,
    p_value,
    percent,
    plural,
    points,
    points_interval,
    shortened,
)
from harness.results import ManifestModel
from harness.standing import contestants_of, stand
from harness.summary import ModelSummary
from harness.trial import TrialRecord

MARK = "<!-- plangate-eval -->"
MOST_BYTES = 60_000
MOST_SCENARIOS = 20
MOST_TEXT = 400
_TABLE = (
    "| Model | Pass rate | 95 % interval | Reliability | Findings | Lost | Cost | p50 / p95 |\n"
    "|---|---:|---:|---:|---:|---:|---:|---:|"
)
_ESCAPES = str.maketrans({mark: f"&#{ord(mark)};" for mark in string.punctuation if mark != ","})


def render_markdown(run: RunRecord) -> str:
    """Return the Markdown summary, at most 60 KB."""
    title = headline(run)
    manifest = run.manifest
    asked = (
        f"{plural(len(manifest.scenarios), 'scenario')}, "
        f"{plural(len(manifest.models), 'model')}, {'up to ' if manifest.early else ''}"
        f"{plural(manifest.trials, 'trial')} each"
    )
    replayed = ", replayed from cassettes" if manifest.replays else ""
    parts = [
        MARK,
        f"## Plangate: {title.title}",
        f"{title.sentence} {asked}, run {quoted(manifest.run)}{replayed}.",
        _against(run),
        _models(run),
        _apart(run),
        _failed_checks(run),
    ]
    return _with_failures(run, "\n\n".join(part for part in parts if part))


def quoted(text: str, *, most: int = MOST_TEXT) -> str:
    """Return foreign text as inline code that means nothing to Markdown or HTML.

    >>> quoted("<b>|@all")
    '<code>&#60;b&#62;&#124;&#64;all</code>'
    """
    flat = "".join(letter if letter.isprintable() else " " for letter in text)
    return f"<code>{shortened(' '.join(flat.split()), most=most).translate(_ESCAPES)}</code>"


def _against(run: RunRecord) -> str:
    """Say of each model what became of it since the base, and what this many scenarios can show."""
    lines = [
        f"- **{item.tier.value}** {quoted(item.head)} since {quoted(item.base_run)}: {_moved(item)}"
        for item in run.comparisons
    ]
    return "\n".join(lines)


def _moved(item: Comparison) -> str:
    moved = item.overall
    if item.mismatches:
        parts = ", ".join(dict.fromkeys(found.part for found in item.mismatches))
        return f"not compared, for {quoted(parts)} differ"
    if moved.change is None:
        return "no scenario is the same on both sides"
    gone = f"; {plural(len(item.gone), 'scenario')} gone" if item.gone else ""
    noticed = f"; a loss of {percent(moved.detectable)} would be noticed"
    return (
        f"{percent(moved.base_rate)} → {percent(moved.head_rate)} "
        f"({points(moved.change)} points, {points_interval(moved.interval)}, "
        f"{p_value(moved.p_worse)}) on {plural(moved.pairs, 'scenario')}{noticed}{gone}"
    )


def _apart(run: RunRecord) -> str:
    """Say which models are not told apart, where there are several."""
    standing = stand(contestants_of(run.summary.models, run.manifest))
    together = [group for group in standing.groups if len(group) > 1]
    lines = [f"Not told apart: {', '.join(map(quoted, group))}." for group in together]
    return "  \n".join(lines)


def _models(run: RunRecord) -> str:
    rows = [_row(entry, run.summary_of(entry.reference)) for entry in run.manifest.models]
    return "\n".join([_TABLE, *rows])


def _row(entry: ManifestModel, summary: ModelSummary | None) -> str:
    name = f"{quoted(entry.reference)}<br>{quoted(entry.label)}"
    if summary is None:
        return f"| {name} |" + f" {UNKNOWN} |" * 7
    overall = summary.overall
    k = max(overall.pass_hat, default=0)
    reliability = f"pass^{k} {percent(overall.pass_hat[k])}" if k else UNKNOWN
    cells = (
        name,
        f"**{percent(overall.pass_rate)}**",
        interval(overall.interval),
        reliability,
        count(overall.findings),
        count(overall.infrastructure + overall.internal),
        dollars(summary.cost_micros),
        f"{duration(summary.latency_p50_s)} / {duration(summary.latency_p95_s)}",
    )
    return f"| {' | '.join(cells)} |"


def _failed_checks(run: RunRecord) -> str:
    if run.gate is None:
        return ""
    lines = [
        f"- **{check.verdict.value}** {quoted(check.name)} of {quoted(check.model)}: "
        f"{quoted(check.detail)}"
        for check in run.gate.checks
        if check.verdict is not Verdict.PASS
    ]
    return "\n".join(["### Checks that did not pass", "", *lines]) if lines else ""


def _with_failures(run: RunRecord, text: str) -> str:
    """Append failing scenarios while they fit; what is left out is counted."""
    selection = worst_pairs(run, most=MOST_SCENARIOS)
    if not selection.shown:
        return _cut(text + "\n")
    text += "\n\n### Failing scenarios\n"
    places = {
        scenario.id: f"{scenario.file}:{scenario.line}" for scenario in run.manifest.scenarios
    }
    left_out = selection.left_out
    for position, record in enumerate(selection.shown):
        section = _failure(record, places.get(record.key.scenario, ""))
        if len((text + section).encode()) > MOST_BYTES - MOST_TEXT:
            left_out += len(selection.shown) - position
            break
        text += section
    if left_out:
        text += f"\n{plural(left_out, 'further failing scenario')} by model: see report.html.\n"
    return _cut(text)


def _failure(record: TrialRecord, place: str) -> str:
    reasons = [
        f"- {quoted(name)}: {quoted(str(score.get('reason') or score.get('error') or 'failed'))}"
        for name, score in record.scores.items()
        if score["passed"] is False or score.get("error")
    ]
    found = [
        f"- finding {quoted(finding['kind'])}: {quoted(finding['message'])}"
        for finding in record.findings
    ]
    lines = [
        "",
        f"<details><summary>{quoted(record.key.scenario)} by {quoted(record.key.model)}</summary>",
        "",
        f"- says {quoted(record.message)} ({quoted(place)})",
        *reasons,
        *found,
        "",
        "</details>",
        "",
    ]
    return "\n".join(lines)


def _cut(text: str) -> str:
    """Hold the bound even when the tables alone break it."""
    content = text.encode("utf-8", errors="replace")
    if len(content) <= MOST_BYTES:
        return content.decode()
    note = "\n\nThe rest did not fit: see report.html.\n"
    whole_lines = content[: MOST_BYTES - len(note)].rpartition(b"\n")[0]
    return whole_lines.decode() + note
