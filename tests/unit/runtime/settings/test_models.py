"""Settings say which models organizations may name; by default none."""

from __future__ import annotations

from runtime.settings.models import ModelOfferSettings, read_model_offers


def test_lists_are_read_without_blanks() -> None:
    """Entries have commas between them."""
    told = {
        "PLANGATE_CHAT_MODEL": " openai/a ",
        "PLANGATE_MODELS_ALLOWED": "openai/*, groq/llama ,",
        "PLANGATE_MODEL_BASES": "https://models.example/v1",
    }

    assert read_model_offers(told) == ModelOfferSettings(
        chat="openai/a",
        allowed=("openai/*", "groq/llama"),
        bases=("https://models.example/v1",),
    )
    assert read_model_offers({}) == ModelOfferSettings()
