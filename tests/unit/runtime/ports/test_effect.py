"""An effect is declared within bounds, and its name is its own."""

import pytest

from runtime.domain.errors import DeclarationError
from runtime.kit.json_value import JsonValue
from runtime.ports.effect import Effect, EffectCall, EffectResult, EffectTools, effects_by_name


async def _do(_: EffectCall, __: EffectTools) -> EffectResult:
    return EffectResult()


def test_effects_are_found_by_their_names() -> None:
    """An action names what follows it; a worker finds it."""
    one, other = Effect(name="mail.send", handler=_do), Effect(name="box.label", handler=_do)

    assert dict(effects_by_name((one, other))) == {"mail.send": one, "box.label": other}


def test_two_effects_of_one_name_are_refused() -> None:
    """Which of them would run must not depend on the order of plugins."""
    effect = Effect(name="mail.send", handler=_do)

    with pytest.raises(DeclarationError, match=r"mail\.send.*twice"):
        effects_by_name((effect, effect))


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        pytest.param({"name": "send"}, "noun", id="no noun"),
        pytest.param({"name": "mail.send\n"}, "noun", id="a line"),
        pytest.param({"version": 0}, "version", id="version"),
        pytest.param({"start_to_close_s": 0}, "start_to_close_s", id="no time"),
        pytest.param({"start_to_close_s": 3_601}, "start_to_close_s", id="too long"),
        pytest.param({"schedule_to_start_s": 0}, "schedule_to_start_s", id="too late at once"),
    ],
)
def test_an_effect_outside_its_bounds_is_refused(
    declared: dict[str, JsonValue], problem: str
) -> None:
    """A plugin learns when it is loaded, not when a job runs."""
    with pytest.raises(DeclarationError, match=problem):
        Effect(**{"name": "mail.send", "handler": _do, **declared})
