"""Let squawk judge the SQL of each revision: nothing that stops requests while it runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from runtime.store import revisions

SQUAWK: Final = Path(sys.executable).with_name("squawk")
OLDEST_POSTGRES: Final = "15.0"
KNOWN: Final = revisions.revisions()
STEPS: Final = tuple(zip((revisions.BASE, *KNOWN), KNOWN, strict=False))
# What squawk would have otherwise: the revision, the rule, and why ours is right.
EXCUSED: Final[Mapping[str, Mapping[str, str]]] = {
    "0001": {"prefer-bigint-over-smallint": "an HTTP status never outgrows three digits"},
    "0003": {"ban-drop-function": "both are there again at the end of the same transaction"},
    "0004": {"ban-drop-function": "it is there again at the end of the same transaction"},
    "0005": {"ban-drop-function": "both are there again at the end of the same transaction"},
    "0006": {"constraint-missing-not-valid": "a million tokens were validated in 0.2 s"},
    "0009": {"ban-drop-function": "it is there again at the end of the same transaction"},
    "0012": {
        "ban-drop-function": "all are there again at the end of the same transaction",
        "require-concurrent-index-creation": "no release puts jobs yet: both tables are empty",
        "require-concurrent-index-deletion": "no release puts jobs yet: both tables are empty",
    },
    "0013": {
        "ban-drop-function": "it is there again at the end of the same transaction",
        "constraint-missing-not-valid": "no value is there yet, and jobs go after weeks",
    },
    "0014": {
        "adding-field-with-default": "the default is stable, not volatile: nothing is rewritten",
        "ban-drop-column": "no release ever wrote or read it",
        "require-concurrent-index-creation": "the statement's bound of 5 s holds: it gives up",
        "require-concurrent-index-deletion": "nothing ever asked it, and the lock is bounded",
    },
    "0015": {"ban-drop-function": "it is there again at the end of the same transaction"},
    "0017": {
        "adding-field-with-default": "the statement's bound of 5 s holds: it gives up",
        "require-concurrent-index-creation": "the statement's bound of 5 s holds: it gives up",
    },
    "0018": {"ban-drop-function": "it is there again at the end of the same transaction"},
    "0021": {
        "ban-drop-function": "all are there again at the end of the same transaction",
        "require-concurrent-index-creation": "what waits is little, and the lock is bounded",
        "require-concurrent-index-deletion": "what waits is little, and the lock is bounded",
    },
}


@pytest.mark.parametrize(("below", "revision"), STEPS)
def test_squawk_has_no_complaint(below: str, revision: str) -> None:
    """Each rule that finds something is excused here with its reason, or the revision is wrong."""
    complaints = judged(_ours(revisions.rendered(after=below, to=revision)))

    unexcused = {
        rule: message
        for rule, message in complaints.items()
        if rule not in EXCUSED.get(revision, {})
    }
    assert not unexcused, json.dumps(unexcused, indent=2)


@pytest.mark.parametrize(("revision", "excused"), EXCUSED.items())
def test_an_excuse_does_not_outlive_its_cause(revision: str, excused: Mapping[str, str]) -> None:
    """A rule that finds nothing any more needs no excuse."""
    below = revisions.BASE if revision == KNOWN[0] else KNOWN[KNOWN.index(revision) - 1]

    assert set(judged(_ours(revisions.rendered(after=below, to=revision)))) == set(excused)


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        pytest.param(
            "create index i on projects (name)",
            "require-concurrent-index-creation",
            id="an index that locks",
        ),
        pytest.param(
            "alter table projects alter column name type varchar(9)",
            "changing-column-type",
            id="a rewrite",
        ),
        pytest.param("alter table projects drop column name", "ban-drop-column", id="a loss"),
    ],
)
def test_squawk_sees(statement: str, rule: str) -> None:
    """The judge is awake: what stops requests on a full table is found."""
    bounds = "set local lock_timeout = '1s'; set local statement_timeout = '5s'"
    sql = f"BEGIN;\n{bounds};\n{statement};\nCOMMIT;\n"

    assert rule in judged(sql)


def judged(sql: str) -> dict[str, str]:
    """Return squawk's complaints about some SQL by the name of their rule."""
    done = subprocess.run(
        [SQUAWK, "--reporter", "json", "--pg-version", OLDEST_POSTGRES],
        input=sql,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    found = json.loads(done.stdout)
    return {item["rule_name"]: f"line {item['line']}: {item['message']}" for item in found}


def _ours(sql: str) -> str:
    """Leave out the table in which Alembic keeps the revision: its shape is not ours."""
    return "BEGIN;\n" + sql.partition("-- Running upgrade")[2].partition("\n")[2]
