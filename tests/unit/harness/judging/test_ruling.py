"""A ruling leaves unread answers out, says how sure it is, and is no verdict on too little."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from harness.checks import Verdict
from harness.judging.exhibit import Opinion
from harness.judging.ruling import Heard, Ruling, ruling_of
from harness.stats.intervals import clustered_interval
from harness.trial import TrialKey
from tests.unit.harness.judging.builders import BAD, GOOD, a_rubric, an_exhibit, an_opinion

MODEL = "openai/small"
LOST = Opinion(score=None, problem="timeout", lost=True)
UNREAD = Opinion(score=None, problem="no JSON object", answered_by="judge-1")


def heard(*opinions: Opinion, at: int = 0, family: str = "") -> Heard:
    """Build a text with what the judge said."""
    return Heard(
        key=TrialKey(scenario=f"s-{at}", model=MODEL, index=0),
        family=family or f"f-{at}",
        exhibit=an_exhibit(f"Which, {at}?"),
        opinions=opinions,
    )


def ruled(opinions: Sequence[Opinion], *, silent: int = 0) -> Ruling:
    """Rule on texts that were put before the judge once."""
    items = [heard(opinion, at=at) for at, opinion in enumerate(opinions)]
    return ruling_of(MODEL, a_rubric(), heard=items, silent=silent)


def mixed(good: int, bad: int, unread: int = 0, lost: int = 0) -> list[Opinion]:
    """Build so many opinions of each kind."""
    return [
        *[an_opinion(GOOD)] * good,
        *[an_opinion(BAD)] * bad,
        *[UNREAD] * unread,
        *[LOST] * lost,
    ]


def test_unread_and_lost_answers_leave_the_denominator() -> None:
    """They are counted, each for itself, and are no zero."""
    found = ruled(mixed(3, 1, unread=2, lost=1), silent=5)

    assert (found.heard, found.scored, found.good, found.share) == (7, 4, 3, 0.75)
    assert (found.unscored, found.lost, found.silent) == (2, 1, 5)
    assert found.interval == clustered_interval([1, 1, 1, 0], ["a", "b", "c", "d"])


def test_scenarios_of_a_family_count_together() -> None:
    """Ten paraphrases are not ten independent questions."""
    apart = [heard(an_opinion(GOOD if at % 2 else BAD), at=at) for at in range(10)]
    alike = [heard(*it.opinions, at=at, family=f"f-{at % 2}") for at, it in enumerate(apart)]

    wide = ruling_of(MODEL, a_rubric(), heard=alike, silent=0).interval
    narrow = ruling_of(MODEL, a_rubric(), heard=apart, silent=0).interval

    assert wide is not None
    assert narrow is not None
    assert wide[0] < narrow[0]


@pytest.mark.parametrize(
    ("opinions", "verdict"),
    [
        pytest.param(mixed(8, 2), Verdict.PASS, id="as demanded"),
        pytest.param(mixed(7, 3), Verdict.INCONCLUSIVE, id="below, but chance explains it"),
        pytest.param(mixed(2, 18), Verdict.REGRESSION, id="far below"),
        pytest.param([], Verdict.INCONCLUSIVE, id="nothing to judge"),
        pytest.param(mixed(0, 0, unread=1), Verdict.INCONCLUSIVE, id="nothing read"),
        pytest.param(mixed(19, 0, unread=1), Verdict.PASS, id="one of twenty unread"),
        pytest.param(mixed(18, 0, unread=1), Verdict.INCONCLUSIVE, id="one of nineteen unread"),
        pytest.param(mixed(19, 0, lost=1), Verdict.PASS, id="one of twenty lost"),
        pytest.param(mixed(18, 0, lost=1), Verdict.INFRASTRUCTURE, id="one of nineteen lost"),
        pytest.param(mixed(0, 0, lost=3), Verdict.INFRASTRUCTURE, id="everything lost"),
    ],
)
def test_the_verdict_needs_data(opinions: list[Opinion], verdict: Verdict) -> None:
    """Too little read is inconclusive, too much lost is the infrastructure's."""
    assert ruled(opinions).verdict is verdict


def test_repeats_show_how_steady_the_judge_is() -> None:
    """The share is that of first answers; texts read each time count for steadiness."""
    items = [
        heard(an_opinion(GOOD), an_opinion(BAD), at=0),
        heard(an_opinion(GOOD), an_opinion(8.0), at=1),
        heard(an_opinion(GOOD), UNREAD, at=2),
    ]

    found = ruling_of(MODEL, a_rubric(), heard=items, silent=0)

    assert (found.share, found.repeats, found.steady, found.repeated) == (1, 2, 1, 2)
    assert found.document()["self_consistency"] == 0.5
    assert found.document()["self_consistency_interval"][1] < 1


def test_once_asked_shows_nothing_about_steadiness() -> None:
    """No repeat, no claim."""
    document = ruled(mixed(3, 0)).document()

    assert (document["self_consistency"], document["self_consistency_interval"]) == (None, None)
    assert (document["interval"][1], document["verdict"]) == (1, "pass")
    assert ruled([]).document()["interval"] is None


@pytest.mark.parametrize(
    ("opinion", "expected"),
    [
        pytest.param(an_opinion(GOOD, reason="short"), (GOOD, True, "short", ""), id="good"),
        pytest.param(an_opinion(BAD), (BAD, False, "", ""), id="bad"),
        pytest.param(UNREAD, (None, None, "", "no JSON object"), id="unread"),
    ],
)
def test_a_line_tells_what_was_judged_and_how(
    opinion: Opinion, expected: tuple[float | None, bool | None, str, str]
) -> None:
    """With the trial, the text and the reason."""
    line = heard(opinion).document(a_rubric())

    assert tuple(line[name] for name in ("score", "good", "reason", "problem")) == expected
    assert line["key"] == {"scenario": "s-0", "model": MODEL, "index": 0}
    assert (line["text"], line["rubric"], line["kind"]) == (
        "Which, 0?",
        "question",
        "clarification",
    )
    assert (line["scores"], line["lost"]) == ([opinion.score], False)
