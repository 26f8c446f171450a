"""Touch the environment, as the one place that does: silence third parties, read the settings.

The bootstrap calls `quiet_environment` before it loads a part that reads these variables on import.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from pydantic import SecretStr

QUIET: Final = MappingProxyType(
    {
        "DEEPEVAL_DISABLE_DOTENV": "1",
        "DEEPEVAL_FILE_SYSTEM": "READ_ONLY",
        "DEEPEVAL_TELEMETRY_OPT_OUT": "1",
        "DO_NOT_TRACK": "true",
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_OFFLINE": "1",
        "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
        "LITELLM_LOCAL_BLOG_POSTS": "True",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LITELLM_LOG": "CRITICAL",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
)

MODEL: Final = "PLANGATE_MODEL"
EVAL_TOKEN: Final = "PLANGATE_EVAL_TOKEN"  # noqa: S105  # the variable's name
_TOKEN: Final = re.compile(r"[\x21-\x7e]{16,512}")


def quiet_environment(environ: MutableMapping[str, str] = os.environ) -> None:
    """Set what is not set yet, so that no third party fetches, reports or chats on its own."""
    for name, value in QUIET.items():
        environ.setdefault(name, value)


class SettingsError(ValueError):
    """A variable that can't be used; the message names it and never repeats a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """Hold what the environment tells the service.

    Attributes:
        model: reference of the model that the platform asks, from `PLANGATE_MODEL`; empty: none.
        eval_token: bearer token of those who evaluate, from `PLANGATE_EVAL_TOKEN`; without it
            only this machine may.
        environ: variables, for model keys.
    """

    model: str = ""
    eval_token: SecretStr | None = None
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ) -> ServiceSettings:
        """Read the process's environment; a blank variable is an unset one.

        Raises:
            SettingsError: the token is too easily guessed, or no header can carry it.
        """
        token = environ.get(EVAL_TOKEN, "").strip()
        if token and not _TOKEN.fullmatch(token):
            raise SettingsError(
                f"{EVAL_TOKEN} has {len(token)} characters, expected 16 to 512 printable ones of "
                "ASCII without spaces, as `openssl rand -hex 32` prints them"
            )
        return cls(
            model=environ.get(MODEL, "").strip(),
            eval_token=SecretStr(token) if token else None,
            environ=dict(environ),
        )
