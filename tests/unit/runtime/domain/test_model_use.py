"""Settings of models are bounded, and a project's take the place of its organization's."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from runtime.domain.model_use import MOST_MODELS, ModelUse, in_force
from runtime.kit.canonical_json import canonical_text, parse
from runtime.kit.json_value import JsonObject

PLATFORM = ("openai/own",)


@pytest.mark.parametrize(
    "wrong",
    [
        {"models": ["a/b", "a/b"]},
        {"models": [f"a/{number}" for number in range(MOST_MODELS + 1)]},
        {"models": ["a/b c"]},
        {"models": ["a/ü"]},
        {"models": ["a/" + "b" * 500]},
        {"models": ["a"]},
        {"timeout_s": 0},
        {"timeout_s": 301},
        {"max_tokens": 15},
        {"max_tokens": 128_001},
        {"temperature": 2.1},
        {"temperature": float("nan")},
        {"timeout_s": True},
        {"max_tokens": "64"},
        {"temperature": "0.5"},
        {"requires_gate": 1},
        {"retention_days": "30"},
        {"daily_tokens": "1000"},
        {"daily_tokens": -1},
        {"daily_cost_micros": 2**53},
        {"member_daily_tokens": -1},
        {"keeps": "some"},
        {"retention_days": 0},
        {"retention_days": 3_651},
        {"confirmed": True},
    ],
)
def test_what_is_out_of_bounds_is_refused(wrong: JsonObject) -> None:
    """So that no request is asked that could not end, or cost what nobody can count."""
    with pytest.raises(ValidationError):
        ModelUse.model_validate(wrong)


@pytest.mark.parametrize(
    ("organization", "project", "models"),
    [
        (None, None, PLATFORM),
        (ModelUse(models=("a/b",)), None, ("a/b",)),
        (ModelUse(models=("a/b",)), ModelUse(models=("c/d",)), ("c/d",)),
        (ModelUse(models=("a/b",)), ModelUse(), ("a/b",)),
        (None, ModelUse(), PLATFORM),
        (ModelUse(), ModelUse(), PLATFORM),
    ],
)
def test_the_nearest_models_are_asked(
    organization: ModelUse | None, project: ModelUse | None, models: tuple[str, ...]
) -> None:
    """The project's, else the organization's, else the platform's."""
    assert in_force(organization, project, platform=PLATFORM).models == models


def test_all_other_settings_come_from_one_document() -> None:
    """The project's, if it has any."""
    organization, project = ModelUse(timeout_s=5, max_tokens=99), ModelUse(timeout_s=7)

    assert in_force(organization, None, platform=()).max_tokens == 99
    assert in_force(organization, project, platform=()) == project


@pytest.mark.parametrize("whose", ["organization", "project"])
def test_a_gate_that_either_demands_is_demanded(whose: str) -> None:
    """A project can't excuse itself."""
    uses = {"organization": ModelUse(), "project": ModelUse(), whose: ModelUse(requires_gate=True)}

    assert in_force(uses["organization"], uses["project"], platform=()).requires_gate


def test_a_temperature_is_spelled_as_storage_repeats_it() -> None:
    """An answer and its repetition are the same text."""
    document = ModelUse(temperature=1.0).model_dump(mode="json")

    assert repr(document["temperature"]) == repr(parse(canonical_text(document))["temperature"])
