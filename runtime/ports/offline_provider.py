"""The role of a model that answers inside this process: no network, no key, no cost.

The harness implements it (oracle, noisy oracle, keyword); `adapters.litellm_model` serves it under
the provider name `plangate`, so that an offline model takes the same path as a real one.
"""

from collections.abc import Mapping
from typing import Protocol

from runtime.ports.chat_model import ChatRequest, Completion
from runtime.ports.model_reference import OFFLINE_PROVIDER, ModelReference, ModelReferenceError


class OfflineProvider(Protocol):
    """Answer requests for the models that it is registered under; safe to use from many tasks."""

    async def answer(
        self, model: str, request: ChatRequest, options: Mapping[str, str]
    ) -> Completion:
        """Answer one request.

        Args:
            model: the name after `plangate/`, such as `noisy-oracle`.
            request: what was asked; `labels` say for which scenario and trial.
            options: the options of the model reference, as written.

        Raises:
            ModelError: it has no answer.
        """
        ...


class OfflineRoutes:
    """Hold a route for each open offline model.

    Models that are open at once, with other providers under the same name or with other options,
    never answer for each other.
    """

    def __init__(self) -> None:
        """Start without routes."""
        self._routes: dict[str, tuple[ModelReference, OfflineProvider]] = {}
        self._opened = 0

    def open(self, reference: ModelReference, providers: Mapping[str, OfflineProvider]) -> str:
        """Return a new route to the provider that a reference names.

        Raises:
            ModelReferenceError: there is no provider of that name.
        """
        provider = providers.get(reference.model_name)
        if provider is None:
            known = ", ".join(f"{OFFLINE_PROVIDER}/{name}" for name in sorted(providers))
            raise ModelReferenceError(
                f"no offline model {reference.model!r}; known: {known or 'none'}"
            )
        self._opened += 1
        route = f"{reference.model}#{self._opened}"
        self._routes[route] = (reference, provider)
        return route

    async def answer(self, route: str, request: ChatRequest) -> Completion:
        """Return what the provider of a route answers."""
        reference, provider = self._routes[route]
        return await provider.answer(reference.model_name, request, reference.options)

    def close(self, route: str) -> None:
        """Forget a route; closing twice is no error."""
        self._routes.pop(route, None)
