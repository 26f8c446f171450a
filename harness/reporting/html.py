"""Write the report page: one file that opens anywhere, asks no network, and runs only its own code.

The figures are plain HTML from `templates/`; the heat map and the failing trials are drawn by the
page's script from the JSON that `harness.reporting.embedded` prepares. Whatever came from a model
or a scenario is escaped here, or set as text there; the page's own policy forbids all other code.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from harness.gate import Check, Verdict
from harness.record import RunRecord
from harness.reporting import wording
from harness.reporting.embedded import embedded_json
from harness.results import ManifestModel
from harness.summary import GroupSummary, ModelSummary

STYLES = ("tokens.css", "page.css", "figures.css", "heatmap.css", "trials.css", "print.css")
SCRIPTS = ("page.js", "steps.js", "detail.js", "trials.js", "heatmap.js", "controls.js")

_VERDICTS = {
    Verdict.PASS: ("Passed", "Every check of the gate holds."),
    Verdict.REGRESSION: ("Regression", "At least one demanded figure was not reached."),
    Verdict.GOVERNANCE: ("Governance findings", "Plans broke rules that tolerate no exception."),
    Verdict.INCONCLUSIVE: ("Inconclusive", "Some checks could not be judged, so nothing passed."),
    Verdict.INFRASTRUCTURE: ("Infrastructure", "Too many trials were lost to judge the rest."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """State the verdict in a word and a sentence; `tone` picks its colour and sign."""

    tone: str
    title: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelView:
    """Join what a model is with what it reached and how the gate judged it."""

    entry: ManifestModel
    summary: ModelSummary | None
    checks: tuple[Check, ...]

    @property
    def stand_ins(self) -> tuple[str, ...]:
        """Return who answered, where that is not the model that was asked."""
        if self.summary is None:
            return ()
        asked = (
            f"/{self.entry.reference.partition('?')[0]}"  # providers answer without their prefix
        )
        return tuple(name for name in self.summary.answered_by if not asked.endswith(f"/{name}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """Compare the models over the groups of one kind: one row a group, one cell a model."""

    title: str
    noun: str
    rows: tuple[tuple[str, tuple[GroupSummary | None, ...]], ...]


def render_html(run: RunRecord) -> str:
    """Return the page."""
    models = _models(run)
    script = _joined(SCRIPTS)
    style = _joined(STYLES)
    return (
        _environment()
        .get_template("report.html.jinja")
        .render(
            run=run,
            manifest=run.manifest,
            headline=headline(run),
            models=models,
            offline_only=all(model.entry.offline for model in models),
            most_k=max(
                (max(m.summary.overall.pass_hat, default=0) for m in models if m.summary), default=0
            ),
            breakdowns=_breakdowns(models),
            script=Markup(script),  # noqa: S704  # our own file
            style=Markup(style),  # noqa: S704  # our own file
            script_digest=_digest(script),
            style_digest=_digest(style),
            data=Markup(embedded_json(run)),  # noqa: S704  # spelled without markup
        )
    )


def headline(run: RunRecord) -> Headline:
    """Return what the reader wants to know first."""
    if not run.summary.finished:
        return Headline(
            tone="inconclusive",
            title="Unfinished",
            sentence="The run ended early: trials are missing. Resume it before you judge it.",
        )
    if run.gate is None:
        return Headline(
            tone="none", title="Not gated", sentence="Figures only: no gate judged this run."
        )
    title, sentence = _VERDICTS[run.gate.verdict]
    return Headline(tone=run.gate.verdict.value, title=title, sentence=sentence)


def _models(run: RunRecord) -> tuple[ModelView, ...]:
    checks = run.gate.checks if run.gate else ()
    return tuple(
        ModelView(
            entry=entry,
            summary=run.summary_of(entry.reference),
            checks=tuple(check for check in checks if check.model == entry.reference),
        )
        for entry in run.manifest.models
    )


def _breakdowns(models: tuple[ModelView, ...]) -> tuple[Breakdown, ...]:
    summaries = [model.summary for model in models]
    suites = [summary.suites if summary else {} for summary in summaries]
    tags = [summary.tags if summary else {} for summary in summaries]
    return (
        Breakdown(title="By suite", noun="Suite", rows=_rows(suites)),
        Breakdown(title="By tag", noun="Tag", rows=_rows(tags)),
    )


def _rows(
    columns: Iterable[dict[str, GroupSummary]],
) -> tuple[tuple[str, tuple[GroupSummary | None, ...]], ...]:
    columns = list(columns)
    names = sorted({name for column in columns for name in column})
    return tuple((name, tuple(column.get(name) for column in columns)) for name in names)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("harness.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": wording.percent,
        "interval": wording.interval,
        "dollars": wording.dollars,
        "duration": wording.duration,
        "count": wording.count,
    }
    environment.globals["plural"] = wording.plural
    return environment


@cache
def _joined(names: tuple[str, ...]) -> str:
    folder = files("harness.reporting") / "templates"
    return "\n".join((folder / name).read_text(encoding="utf-8").strip() for name in names)


def _digest(text: str) -> str:
    """Return how the page's policy names one inline element: by the digest of its whole text."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
