"""Write two runs side by side as a page: verdicts, plans, scores, cost and latency.

`plangate eval compare A B --html FILE` calls it, and every run that was made against another
revision gets it as `diff.html`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.compare import compare
from harness.comparison import AGENT_PARTS, Comparison, ComparisonRules
from harness.record import RunRecord
from harness.reporting.differing import ORDER, document, paired_models
from harness.reporting.html import against
from harness.reporting.pages import render_page
from harness.results import RunError
from harness.sides import side_of

STYLES = (
    "tokens.css",
    "page.css",
    "figures.css",
    "charts.css",
    "trials.css",
    "diff.css",
    "print.css",
)
SCRIPTS = ("page.js", "theme.js", "steps.js", "diff.js")


def write_diff(
    base: RunRecord, head: RunRecord, out: Path, *, comparisons: Sequence[Comparison] = ()
) -> None:
    """Write the page of what changed from one run to another.

    Args:
        base: the run to compare with.
        head: the run that is judged.
        out: the file to write.
        comparisons: what was found already; they name the models to lay side by side. Without
            them, models of the same name are compared here, as the gate compares revisions.

    Raises:
        RunError: the runs have no model in common, or the file can't be written.
    """
    page = render_diff(base, head, comparisons=comparisons).encode("utf-8", errors="replace")
    try:
        out.write_bytes(page)
    except OSError as error:
        raise RunError(f"{out} can't be written: {error.strerror}; name another file") from error


def render_diff(base: RunRecord, head: RunRecord, *, comparisons: Sequence[Comparison] = ()) -> str:
    """Return the page.

    Raises:
        RunError: the runs have no model in common.
    """
    pairs = tuple((item.base, item.head) for item in comparisons) or paired_models(base, head)
    if not pairs:
        raise RunError(
            f"{base.manifest.run} and {head.manifest.run} have no model in common: "
            f"{_names(base)} in one, {_names(head)} in the other"
        )
    compared = comparisons or [item for pair in pairs for item in _compared(base, head, pair)]
    found = tuple(against(item) for item in compared)
    data = document(base, head, pairs)
    changed = sum(row["change"] != "same" for row in data["rows"])
    facts: dict[str, object] = {
        "base": base,
        "head": head,
        "against": found,
        "changed": changed,
        "total": len(data["rows"]),
        "order": ORDER,
    }
    return render_page("diff.html.jinja", styles=STYLES, scripts=SCRIPTS, data=data, facts=facts)


def _compared(base: RunRecord, head: RunRecord, pair: tuple[str, str]) -> tuple[Comparison, ...]:
    """Return what the gate found, if it compared these two, or else compare them here."""
    then, now = base.summary_of(pair[0]), head.summary_of(pair[1])
    if then is None or now is None:
        return ()
    judged = (
        item
        for item in head.comparisons
        if (item.base_run, item.base, item.head) == (base.manifest.run, *pair)
    )
    found = next(judged, None)
    if found is None:
        rules = ComparisonRules(varied=AGENT_PARTS)
        found = compare(side_of(then, base.manifest), side_of(now, head.manifest), rules)
    return (found,)


def _names(run: RunRecord) -> str:
    return ", ".join(entry.reference for entry in run.manifest.models) or "no model"
