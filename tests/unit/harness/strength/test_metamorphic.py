"""Prove that verdicts of scenarios and twins are paired, compared and counted."""

from __future__ import annotations

import pytest

from harness.bootstrap import ConfigurationError, SamplingWishes
from harness.prepared import PreparedScenario
from harness.strength.metamorphic import Consistency, Flip, Metamorphic, metamorphic
from harness.strength.relations import RELATIONS
from runtime.public import JsonObject
from tests.worlds import prepared, steps_of

SUITE = (
    prepared(id="set-three", family="set"),
    prepared(id="put-three", family="set", when={"message": "Three, please."}),
    prepared(
        ("ticket.close", {"ticket": "t_106"}), environment="helpdesk", when={"message": "t_106!"}
    ),
    prepared(id="no", expect={"decline": True}, when={"message": "Sing for me."}),
)


def measured(*models: str, suite: tuple[PreparedScenario, ...] = SUITE) -> Metamorphic:
    """Replay a suite offline."""
    return metamorphic(suite, models, environ={}, wishes=SamplingWishes(), seed=1)


def by_relation(found: Metamorphic) -> dict[str, Consistency]:
    """Index what was found about one model."""
    return {item.relation: item for item in found.consistencies}


def test_the_oracle_is_consistent() -> None:
    """It knows the answers of twins as well; every relation is measured where it applies."""
    found = by_relation(measured("plangate/oracle"))

    assert {name: item.pairs for name, item in found.items()} == {
        "again": 4,
        "paraphrase": 1,
        "registry_order": 4,
        "distractors": 3,
        "renamed_ids": 1,
    }
    assert {item.share for item in found.values()} == {1.0}


def test_a_model_that_reads_words_depends_on_the_wording() -> None:
    """The flip names both scenarios, and where the first one stands."""
    paraphrase = by_relation(measured("plangate/keyword"))["paraphrase"]

    (flip,) = paraphrase.flips
    assert flip == Flip(
        scenario="set-three", twin="put-three", file="cases.yaml", line=3, passed=True
    )
    assert (paraphrase.same, paraphrase.share) == (0, 0.0)


def test_noise_shows_when_the_same_is_asked_again() -> None:
    """Without this floor, noise would be taken for dependence."""
    suite = tuple(prepared(id=f"case-{number}") for number in range(30))

    again = by_relation(measured("plangate/noisy-oracle?rate=0.5", suite=suite))["again"]

    assert 0 < len(again.flips) < 30


def test_every_model_is_measured() -> None:
    """Models come in the order given, each under every relation."""
    found = measured("plangate/oracle", "plangate/keyword")

    assert [item.model for item in found.consistencies] == [
        name for name in ("plangate/oracle", "plangate/keyword") for _ in range(2 + len(RELATIONS))
    ]


def test_a_wrong_model_is_refused_before_any_is_asked() -> None:
    """The message names it."""
    with pytest.raises(ConfigurationError, match="plangate/nobody"):
        measured("plangate/nobody")


def test_lost_trials_are_not_compared() -> None:
    """A server that is not there says nothing about a model."""
    lost = by_relation(
        measured("openai/any?transport=http&api_base=http://127.0.0.1:1/v1&retries=0")
    )

    assert (lost["again"].pairs, lost["again"].lost) == (0, 4)
    assert lost["again"].share is None


def test_a_consistency_is_a_document() -> None:
    """The interval comes with the counts."""
    flip = Flip(scenario="a", twin="b", file="f.yaml", line=2, passed=True)
    found = Consistency(relation="again", model="m", pairs=4, flips=(flip,), lost=1)

    document: JsonObject = found.document()

    assert (document["same"], document["share"], document["lost"]) == (3, 0.75, 1)
    assert document["low"] < 0.75 < document["high"]
    assert document["flips"] == [
        {"scenario": "a", "twin": "b", "file": "f.yaml", "line": 2, "passed": True}
    ]


def test_a_twin_that_can_not_be_built_is_listed() -> None:
    """It is a gap in the measurement, not a verdict."""
    odd = prepared(
        environment="facility",
        when={"message": "Acknowledge it."},
        expect={
            "plan": {"steps": steps_of(("alarm.acknowledge", {"alarm": "al_1"}))},
            "state": {"/furnace/zone": {"$pattern": "z_[1]"}},
        },
    )

    (line,) = measured("plangate/oracle", suite=(odd,)).unbuilt

    assert line.startswith("renamed_ids: facility-case: ")
    assert "/furnace/zone" in line
