"""Carry out `plangate eval strength`: is the suite strict, and is a model steady?

Without a model, wrong answers are made and must fail. With models, scenarios and their twins are
replayed and must get the same verdict.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import orjson
from rich.console import Console
from rich.table import Table

from harness.bootstrap import ConfigurationError, SamplingWishes
from harness.cli.reading import complain, read_scenarios
from harness.prepared import PreparedScenario, prepare_all
from harness.settings import HarnessSettings
from harness.stats.rates import wilson_interval
from harness.strength.killing import GOLDEN, Judged, ScenarioStrength, SuiteStrength, suite_strength
from harness.strength.metamorphic import Consistency, Metamorphic, metamorphic
from harness.strength.mutant import Fate
from harness.yaml_source import SourceError
from runtime.public import JsonObject

WEAK = 1
NOTHING_COMPARED = 4

FIXES: Mapping[str, str] = MappingProxyType(
    {
        GOLDEN: "mend the expectation until its own answer passes",
        "ask_vaguely": "take words out of the slot that stand in any question",
        "ask_for_another_slot": "take words out of the slot that name another input",
        "ask_for_less": "give each slot words that the others do not have",
        "act_instead": "expect a plan, a clarification or a decline beside 'never'",
    }
)
"""What helps against survivors of a mutation; against other plans, see `PLAN_FIX`."""

PLAN_FIX = "expect the steps (no mode reference), or more of the final state"


def strength_command(
    paths: tuple[Path, ...],
    *,
    models: tuple[str, ...] = (),
    min_killed: float = 0.99,
    min_consistent: float = 0.0,
    show: int = 20,
    as_json: bool = False,
    seed: int = 0,
    concurrency: int = 8,
) -> int:
    """Measure and return the exit code.

    Args:
        paths: scenario files or folders.
        models: references; with any, the metamorphic checks are done instead of the mutations.
        min_killed: least share of mutants that must be killed.
        min_consistent: least share of verdicts that must stay the same, in each relation.
        show: how many survivors or flips are listed.
        as_json: print one JSON document instead of tables.
        seed: what the trials' randomness comes from.
        concurrency: trials in flight.

    Returns:
        0 at or above the bar, 1 below it, 4 when infrastructure left no verdicts to compare, 5 on
        a wrong configuration.
    """
    try:
        _require_share(min_killed, name="--min-killed")
        _require_share(min_consistent, name="--min-consistent")
        scenarios = prepare_all(read_scenarios(paths))
        if models:
            found = metamorphic(
                scenarios,
                models,
                environ=HarnessSettings.read().environ,
                wishes=SamplingWishes(),
                seed=seed,
                concurrency=concurrency,
            )
            return _report_metamorphic(found, bar=min_consistent, show=show, as_json=as_json)
    except (SourceError, ConfigurationError) as error:
        return complain(error)
    return _report_strength(scenarios, bar=min_killed, show=show, as_json=as_json)


def _require_share(share: float, *, name: str) -> None:
    if not 0 <= share <= 1:
        raise ConfigurationError(f"{name} is {share}, expected a share from 0 to 1")


def _report_strength(
    scenarios: Iterable[PreparedScenario], *, bar: float, show: int, as_json: bool
) -> int:
    strength = suite_strength(scenarios)
    strong = strength.share >= bar
    if as_json:
        _print_json(_strength_document(strength, bar=bar))
        return 0 if strong else WEAK
    console = _console()
    counts = strength.counts()
    console.print(_killed_table("mutation", _summed(counts, part=1)))
    console.print()
    console.print(_killed_table("environment", _summed(counts, part=0)))
    _print_listed(console, "survivors", list(_survivor_lines(strength)), show=show)
    counted = strength.killed + strength.survived
    console.print(
        f"\n{strength.killed} of {counted} mutants killed: {_percent(strength.share)}; "
        f"the bar is {_percent(bar)}: {'strong enough' if strong else 'too weak'}."
    )
    return 0 if strong else WEAK


def _summed(counts: Counter[tuple[str, str, Fate]], *, part: int) -> dict[str, Counter[Fate]]:
    """Add up counts by environment (part 0) or by mutation (part 1)."""
    found: dict[str, Counter[Fate]] = {}
    for key, number in counts.items():
        found.setdefault(str(key[part]), Counter())[key[2]] += number
    return found


def _killed_table(name: str, rows: Mapping[str, Counter[Fate]]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(name)
    for column in ("killed", "survived", "share", "declared", "stillborn"):
        table.add_column(column, justify="right")
    for row, fates in rows.items():
        table.add_row(
            row,
            str(fates[Fate.KILLED]),
            str(fates[Fate.SURVIVED]),
            _share_text(fates),
            str(fates[Fate.DECLARED]),
            str(fates[Fate.STILLBORN]),
        )
    return table


def _share_text(fates: Counter[Fate]) -> str:
    counted = fates[Fate.KILLED] + fates[Fate.SURVIVED]
    return _percent(fates[Fate.KILLED] / counted) if counted else "–"  # noqa: RUF001  # a dash


def _survivor_lines(strength: SuiteStrength) -> Iterator[str]:
    for item in strength.scenarios:
        scenario = item.scenario
        for mutant in item.survivors:
            why = f" ({mutant.why})" if mutant.why else ""
            yield (
                f"{scenario.file}:{scenario.line}: {scenario.id}: {mutant.mutation}: "
                f"{mutant.text}{why}; {_fix(mutant)}"
            )


def _fix(mutant: Judged) -> str:
    return f"to kill it, {FIXES.get(mutant.mutation, PLAN_FIX)}"


def _strength_document(strength: SuiteStrength, *, bar: float) -> JsonObject:
    counts = strength.counts()
    return {
        "killed": strength.killed,
        "survived": strength.survived,
        "share": strength.share,
        "bar": bar,
        "mutations": _tallies(_summed(counts, part=1)),
        "environments": _tallies(_summed(counts, part=0)),
        "scenarios": [_scenario_document(item) for item in strength.scenarios],
    }


def _tallies(rows: Mapping[str, Counter[Fate]]) -> JsonObject:
    return {
        row: {**{fate.value: fates[fate] for fate in Fate}, "share": _share(fates)}
        for row, fates in rows.items()
    }


def _share(fates: Counter[Fate]) -> float | None:
    counted = fates[Fate.KILLED] + fates[Fate.SURVIVED]
    return fates[Fate.KILLED] / counted if counted else None


def _scenario_document(item: ScenarioStrength) -> JsonObject:
    scenario = item.scenario
    return {
        "id": scenario.id,
        "file": scenario.file,
        "line": scenario.line,
        **{fate.value: item.counted(fate) for fate in Fate},
        "survivors": [
            {"mutation": it.mutation, "mutant": it.text, "why": it.why, "fix": _fix(it)}
            for it in item.survivors
        ],
    }


def _report_metamorphic(found: Metamorphic, *, bar: float, show: int, as_json: bool) -> int:
    shares = [item.share for item in found.consistencies if item.share is not None]
    steady = all(share >= bar for share in shares)
    code = (0 if steady else WEAK) if shares else NOTHING_COMPARED
    if as_json:
        _print_json(
            {
                "bar": bar,
                "relations": [item.document() for item in found.consistencies],
                "unbuilt": list(found.unbuilt),
            }
        )
        return code
    console = _console()
    console.print(_consistency_table(found.consistencies))
    _print_listed(console, "verdicts that changed", list(_flip_lines(found)), show=show)
    _print_listed(console, "twins that can't be built", list(found.unbuilt), show=show)
    return code


def _consistency_table(consistencies: Iterable[Consistency]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("model", "relation"):
        table.add_column(column, overflow="fold")
    for column in ("pairs", "same", "share", "95 %", "lost"):
        table.add_column(column, justify="right", no_wrap=True)
    for item in consistencies:
        low, high = wilson_interval(item.same, item.pairs)
        measured = item.share is not None
        table.add_row(
            item.model,
            item.relation,
            str(item.pairs),
            str(item.same),
            _percent(item.share) if item.share is not None else "–",  # noqa: RUF001  # a dash
            f"{_percent(low)} to {_percent(high)}" if measured else "",
            str(item.lost),
        )
    return table


def _flip_lines(found: Metamorphic) -> Iterator[str]:
    for item in found.consistencies:
        for flip in item.flips:
            changed = "passed, then failed" if flip.passed else "failed, then passed"
            yield (
                f"{flip.file}:{flip.line}: {flip.scenario}: {item.model}: {item.relation} "
                f"({flip.twin}): {changed}"
            )


def _print_listed(console: Console, title: str, lines: list[str], *, show: int) -> None:
    if not lines:
        return
    console.print(f"\n{len(lines)} {title}:")
    for line in lines[:show]:
        console.print(f"  {line}")
    if len(lines) > show:
        console.print(f"  and {len(lines) - show} more; --show {len(lines)} lists all")


def _percent(share: float) -> str:
    """Write a share so that only all of it reads 100 %."""
    text = f"{share:.1%}"
    return "99.9%" if text == "100.0%" and share < 1 else text


def _console() -> Console:
    return Console(soft_wrap=True, highlight=False, markup=False, emoji=False)


def _print_json(document: JsonObject) -> None:
    sys.stdout.buffer.write(
        orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    )
