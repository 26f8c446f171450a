"""Tests of the plugin of the side effects that come with the platform."""

from runtime.plugins.contract import CONTRACT_VERSION
from runtime.plugins.stdlib.effects.plugin import EFFECTS, PLUGIN
from runtime.ports.effect import effects_by_name


def test_each_effect_has_its_own_name() -> None:
    """Actions can declare any of them."""
    assert sorted(effects_by_name(EFFECTS)) == [
        "browser.read",
        "browser.visit",
        "http.call",
        "mail.send",
        "model.infer",
    ]


def test_they_come_as_anybodys_plugin_does() -> None:
    """The platform's own effects use the door that others have."""
    assert (PLUGIN.effects, PLUGIN.contract) == (EFFECTS, CONTRACT_VERSION)
