"""Open the chat model that a reference names, and tell what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from runtime.kit.clock import SystemClock
from runtime.ports.chat_model import ChatModel, ModelError, ModelFault
from runtime.ports.model_reference import (
    FREE,
    ModelReference,
    Price,
    Transport,
    parse_model_reference,
)
from runtime.ports.offline_provider import OfflineProvider
from runtime.settings import quiet_environment

# The variables that hold a provider's key, the usual one first. LiteLLM knows the other providers,
# but takes seconds to say so.
_KEY_VARIABLES: Final = MappingProxyType(
    {
        "anthropic": ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"),
        "cohere": ("COHERE_API_KEY",),
        "deepseek": ("DEEPSEEK_API_KEY",),
        "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        "groq": ("GROQ_API_KEY",),
        "mistral": ("MISTRAL_API_KEY",),
        "openai": ("OPENAI_API_KEY",),
        "openrouter": ("OPENROUTER_API_KEY",),
        "xai": ("XAI_API_KEY",),
    }
)


def open_chat_model(
    reference_text: str,
    *,
    environ: Mapping[str, str],
    offline_providers: Mapping[str, OfflineProvider],
    key: str | None = None,
) -> ChatModel:
    """Open the model that a reference names; the adapter is loaded here, on first use.

    Args:
        reference_text: such as `openai/gpt-4o-mini?tools=json`.
        environ: where keys are looked up.
        offline_providers: who answers `plangate/NAME`, by name.
        key: to send in the place of what the environment says.

    Raises:
        ModelReferenceError: the reference can't be read, or names an offline model that is absent.
        ModelError: UNAUTHORIZED when a key is missing, with the variable to set; UNAVAILABLE when
            no provider is known by that name.
    """
    reference = parse_model_reference(reference_text)
    api_key = _api_key(reference, environ) if key is None else key
    clock = SystemClock()
    if reference.settings.transport is Transport.HTTP:
        from runtime.adapters.openai_http import OpenAiHttpModel  # noqa: PLC0415  # on first use
        from runtime.bootstrap.egress import model_connector  # noqa: PLC0415  # on first use

        return OpenAiHttpModel(reference, api_key=api_key, clock=clock, connect=model_connector)
    quiet_environment()  # LiteLLM reads it on import
    from runtime.adapters.litellm_model import LiteLlmModel  # noqa: PLC0415  # takes seconds
    from runtime.bootstrap.egress import model_connector  # noqa: PLC0415  # on first use

    model = LiteLlmModel(
        reference,
        api_key=api_key,
        offline_providers=offline_providers,
        clock=clock,
        connect=model_connector,
    )
    if missing := tuple(name for name in model.missing_variables() if not environ.get(name)):
        raise _unauthorized(reference, missing)
    return model


def price_of(reference_text: str) -> Price | None:
    """Return what a model's tokens cost: by the reference's own prices, else by LiteLLM's table.

    Returns:
        None when nobody knows; nothing for a model that answers in this process.

    Raises:
        ModelReferenceError: the reference can't be read.
    """
    reference = parse_model_reference(reference_text)
    if reference.offline:
        return FREE
    if reference.price is not None or reference.settings.transport is Transport.HTTP:
        return reference.price
    quiet_environment()
    from runtime.adapters.litellm_model import listed_price  # noqa: PLC0415  # takes seconds

    return listed_price(reference.model)


def _api_key(reference: ModelReference, environ: Mapping[str, str]) -> str | None:
    """Return the key to send; never the provider's usual one to an address of the reference."""
    settings = reference.settings
    if settings.api_key_env is not None:
        names: tuple[str, ...] = (settings.api_key_env,)
    elif reference.offline or settings.api_base is not None:
        return None
    else:
        names = _KEY_VARIABLES.get(reference.provider, ())
    found = [name for name in names if environ.get(name, "").strip()]
    if names and not found:
        raise _unauthorized(reference, names[:1])
    return environ[found[0]].strip() if found and found[0] == names[0] else None


def _unauthorized(reference: ModelReference, missing: tuple[str, ...]) -> ModelError:
    return ModelError(
        ModelFault.UNAUTHORIZED,
        model=reference.safe_text,
        detail=f"no key: set the environment variable {' and '.join(missing)}, "
        "or name another one with api_key_env=NAME",
    )
