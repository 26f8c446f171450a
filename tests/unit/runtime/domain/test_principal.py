"""A grant bounds how much one plan may do."""

from runtime.domain.principal import Mode, Principal


def test_each_mode_has_its_number_of_steps() -> None:
    """The freer the mode, the longer the plan."""
    assert {mode.value: mode.step_limit for mode in Mode} == {
        "interactive": 1,
        "assisted": 5,
        "autonomous": 10,
    }


def test_claims_are_not_in_the_repr() -> None:
    """What an identity provider says of a person ends up in no log."""
    principal = Principal(id="mem_1", organization="org_1", roles=(), claims='{"a":"s3cret"}')

    assert "s3cret" not in repr(principal)
