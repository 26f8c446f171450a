"""The role of who opens models and knows their prices."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from runtime.ports.chat_model import ChatModel
from runtime.ports.model_reference import Price


class ModelLender(Protocol):
    """Lend open models by their references."""

    def lent(self, reference: str) -> AbstractAsyncContextManager[ChatModel]:
        """Lend a model for as long as the block lasts.

        Raises:
            ModelError: it can't be opened.
        """
        ...

    async def price(self, reference: str) -> Price | None:
        """Return what a model's tokens cost; None where nobody knows."""
        ...
