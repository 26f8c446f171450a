"""An action asks for what its plugin has or declares; the first other effect is named."""

from __future__ import annotations

from runtime.domain.action import SideEffect
from runtime.domain.declared_effects import NO_EFFECTS, DeclaredEffects
from tests.builders import an_action

LABEL = SideEffect(job="box.label", description="Prints.")
MAIL = SideEffect(job="mail.send", description="Mails.")


def test_the_first_effect_that_is_not_declared_is_named() -> None:
    """Those that are declared are passed over."""
    declared = DeclaredEffects(plugin="box", names=frozenset({"box.label"}))

    assert declared.undeclared(an_action(side_effects=(LABEL, MAIL))) == "mail.send"
    assert declared.undeclared(an_action(side_effects=(LABEL,))) is None


def test_who_declares_nothing_may_ask_for_nothing() -> None:
    """An action without effects is fine."""
    assert NO_EFFECTS.undeclared(an_action(side_effects=(LABEL,))) == "box.label"
    assert NO_EFFECTS.undeclared(an_action()) is None


def test_the_remedy_names_the_plugin_and_the_declaration() -> None:
    """An author can copy it."""
    assert DeclaredEffects(plugin="box").remedy("mail.send") == (
        "its author adds effects=('mail.send',) to the Capabilities of plugin 'box'"
    )
