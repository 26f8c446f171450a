"""A plugin is data: what it leaves out has a safe default."""

from runtime.domain.limits import NO_LIMITS
from runtime.domain.principal import Mode
from runtime.plugins.contract import AN_OPERATOR, CONTRACT_VERSION, Environment, Plugin


def test_a_plugin_is_written_against_the_present_contract() -> None:
    """Only a plugin of another time names another contract."""
    plugin = Plugin(id="box", version="1", components=(), actions=())

    assert (plugin.contract, plugin.environments) == (CONTRACT_VERSION, ())


def test_an_environment_that_names_nobody_has_an_assisted_operator() -> None:
    """Who acts by default may take medium risk and five steps."""
    environment = Environment(id="box", title="Box", description="Holds a value.")

    assert environment.principal is AN_OPERATOR
    assert (AN_OPERATOR.roles, AN_OPERATOR.grant) == (("operator",), Mode.ASSISTED)
    assert (environment.components, environment.limits) == ((), NO_LIMITS)
