"""The environment is quiet unless somebody asked for noise."""

from runtime.settings import QUIET, quiet_environment


def test_unset_variables_are_set() -> None:
    """Every constant lands in an empty environment."""
    environ: dict[str, str] = {}

    quiet_environment(environ)

    assert environ == dict(QUIET)
    assert environ["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"


def test_set_variables_stay() -> None:
    """Who set a variable keeps it."""
    environ = {"LITELLM_LOG": "DEBUG"}

    quiet_environment(environ)

    assert environ["LITELLM_LOG"] == "DEBUG"
