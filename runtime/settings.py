"""Keep this process from calling home: the one place that touches the environment.

The bootstrap calls `quiet_environment` before it loads a part that reads these variables on import.
"""

import os
from collections.abc import MutableMapping
from types import MappingProxyType
from typing import Final

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


def quiet_environment(environ: MutableMapping[str, str] = os.environ) -> None:
    """Set what is not set yet, so that no third party fetches, reports or chats on its own."""
    for name, value in QUIET.items():
        environ.setdefault(name, value)
