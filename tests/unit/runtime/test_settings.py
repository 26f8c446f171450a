"""The environment is quiet unless somebody asked for noise, and the service reads its own part."""

import pytest

from runtime.settings import QUIET, ServiceSettings, SettingsError, quiet_environment


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


def test_the_service_reads_its_variables() -> None:
    """Blanks around a value are nobody's intention."""
    read = ServiceSettings.read(
        {"PLANGATE_MODEL": " openai/m ", "PLANGATE_EVAL_TOKEN": "a" * 16, "OPENAI_API_KEY": "k"}
    )

    assert read.model == "openai/m"
    assert read.eval_token is not None
    assert read.eval_token.get_secret_value() == "a" * 16
    assert read.environ["OPENAI_API_KEY"] == "k"
    assert "a" * 16 not in repr(read)
    assert "OPENAI_API_KEY" not in repr(read)


def test_blank_variables_are_unset_ones() -> None:
    """An empty token would open to everybody."""
    read = ServiceSettings.read({"PLANGATE_MODEL": "", "PLANGATE_EVAL_TOKEN": "  "})

    assert (read.model, read.eval_token) == ("", None)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("short", id="easily guessed"),
        pytest.param("a" * 513, id="beyond a header"),
        pytest.param("two words of some length", id="with spaces"),
        pytest.param("\u00e9" * 20, id="beyond ASCII"),
    ],
)
def test_a_token_that_no_header_should_carry_is_refused(token: str) -> None:
    """The message names the variable and does not repeat the token."""
    with pytest.raises(SettingsError, match="PLANGATE_EVAL_TOKEN has") as caught:
        ServiceSettings.read({"PLANGATE_EVAL_TOKEN": token})

    assert token not in str(caught.value)
