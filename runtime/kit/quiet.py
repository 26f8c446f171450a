"""Name the variables that keep third parties from fetching, reporting or chatting on their own."""

from __future__ import annotations

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
"""What `runtime.settings.quiet_environment` sets where nothing is set yet."""
