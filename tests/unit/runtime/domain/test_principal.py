"""A grant bounds how much one plan may do."""

from runtime.domain.principal import Mode


def test_each_mode_has_its_number_of_steps() -> None:
    """The freer the mode, the longer the plan."""
    assert {mode.value: mode.step_limit for mode in Mode} == {
        "interactive": 1,
        "assisted": 5,
        "autonomous": 10,
    }
