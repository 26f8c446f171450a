"""Opening a model says what is missing before a run starts, and loads only what it needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from runtime.bootstrap.chat_models import open_chat_model
from runtime.ports.chat_model import ModelError, ModelFault
from runtime.ports.model_reference import ModelReferenceError


@pytest.mark.parametrize("transport", ["litellm", "http"])
@pytest.mark.parametrize(
    ("options", "variable"),
    [
        pytest.param("", "OPENAI_API_KEY", id="the provider's usual variable"),
        pytest.param("&api_key_env=TEAM_KEY", "TEAM_KEY", id="the variable of the reference"),
        pytest.param(
            "&api_base=http://127.0.0.1:9/v1&api_key_env=TEAM_KEY", "TEAM_KEY", id="own address"
        ),
    ],
)
def test_missing_key_is_told_before_a_run(transport: str, options: str, variable: str) -> None:
    """Opening fails with the name of the variable to set."""
    with pytest.raises(ModelError, match=variable) as caught:
        open_chat_model(
            f"openai/gpt-4o-mini?transport={transport}{options}",
            environ={variable: " "},
            offline_providers={},
        )

    assert caught.value.fault is ModelFault.UNAUTHORIZED


def test_missing_keys_of_other_providers_are_told_too() -> None:
    """LiteLLM's own table names the variables of a provider that we do not list."""
    with pytest.raises(ModelError, match="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        open_chat_model("bedrock/some-model", environ={}, offline_providers={})


def test_unknown_provider_is_told_before_a_run() -> None:
    """A provider that LiteLLM does not know can't be opened."""
    with pytest.raises(ModelError, match="no provider 'nowhere'") as caught:
        open_chat_model("nowhere/model", environ={}, offline_providers={})

    assert caught.value.fault is ModelFault.UNAVAILABLE


def test_unknown_offline_model_is_told_with_the_known_ones() -> None:
    """A misspelt offline model names what there is."""
    with pytest.raises(ModelReferenceError, match=r"plangate/orcale.*known: none"):
        open_chat_model("plangate/orcale", environ={}, offline_providers={})


def test_opening_the_door_loads_no_transport() -> None:
    """The ports and the bootstrap stay light until a model is opened."""
    script = (
        "import sys, runtime.bootstrap.chat_models\n"
        "import runtime.ports.offline_provider, runtime.ports.chat_answer\n"
        "print(sorted({'litellm', 'openai', 'aiohttp', 'httpx'} & set(sys.modules)))"
    )

    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert shown.stdout.strip() == "[]"
