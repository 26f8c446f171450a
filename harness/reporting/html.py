"""Write the report page: one file that opens anywhere, asks no network, and runs only its own code.

The figures and charts are plain HTML and SVG from `templates/`; the heat map and the failing trials
are drawn by the page's script from the JSON that `harness.reporting.embedded` prepares.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.checks import Check, Verdict
from harness.comparison import Comparison, Difference
from harness.confusion import KINDS
from harness.record import RunRecord
from harness.reporting.charts import Shift, even_places, share_axis, shift
from harness.reporting.contest import contest_of
from harness.reporting.embedded import MOST_BYTES, MOST_TRIALS, document
from harness.reporting.pages import render_page
from harness.reporting.trend import trends_of
from harness.results import ManifestModel
from harness.standing import substitutes
from harness.summary import GroupSummary, ModelSummary

STYLES = (
    "tokens.css",
    "page.css",
    "figures.css",
    "charts.css",
    "heatmap.css",
    "trials.css",
    "print.css",
)
SCRIPTS = ("page.js", "theme.js", "steps.js", "detail.js", "trials.js", "heatmap.js", "controls.js")

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
        return substitutes(self.entry.reference, self.summary.answered_by) if self.summary else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """Compare the models over the groups of one kind: one row a group, one cell a model."""

    title: str
    noun: str
    rows: tuple[tuple[str, tuple[GroupSummary | None, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Join how a group of scenarios changed with its drawing."""

    difference: Difference
    drawn: Shift | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """Join a comparison with the drawings of its groups; the first one is of all scenarios."""

    comparison: Comparison
    groups: tuple[Moved, ...]


def render_html(run: RunRecord) -> str:
    """Return the page."""
    models = _models(run)
    most_k = max(
        (max(m.summary.overall.pass_hat, default=0) for m in models if m.summary), default=0
    )
    facts: dict[str, object] = {
        "run": run,
        "manifest": run.manifest,
        "headline": headline(run),
        "models": models,
        "offline_only": all(model.entry.offline for model in models),
        "most_k": most_k,
        "places": even_places(max(1, most_k)),
        "shares": share_axis([0.0]),
        "contest": contest_of(run),
        "against": tuple(against(item) for item in run.comparisons),
        "confusions": tuple(
            (model.entry.reference, model.summary.confusion)
            for model in models
            if model.summary and model.summary.confusion.counts
        ),
        "kinds": KINDS,
        "trends": trends_of(run),
        "breakdowns": _breakdowns(models),
    }
    data = document(run, most=MOST_TRIALS, most_bytes=MOST_BYTES)
    return render_page("report.html.jinja", styles=STYLES, scripts=SCRIPTS, data=data, facts=facts)


def against(comparison: Comparison) -> Against:
    """Return what the page shows of a comparison."""
    groups = (comparison.overall, *comparison.suites)
    return Against(
        comparison=comparison,
        groups=tuple(
            Moved(
                difference=item,
                drawn=None
                if item.change is None or item.interval is None
                else shift(item.change, item.interval, margin=comparison.margin),
            )
            for item in groups
        ),
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
