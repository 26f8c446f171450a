"""Ask chat models with keys that are read when they are needed: a rotation needs no new start."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self

from runtime.bootstrap.chat_models import open_chat_model
from runtime.domain.errors import (
    SecretError,
    SecretMalformedError,
    SecretThrottledError,
    SecretUnavailableError,
)
from runtime.domain.secret_reference import SecretReferenceError, read_reference
from runtime.domain.secret_value import SecretValueError
from runtime.ports.chat_model import ChatModel, ChatRequest, Completion, ModelError, ModelFault
from runtime.ports.model_reference import parse_model_reference
from runtime.ports.offline_provider import OfflineProvider
from runtime.services.secrets.cache import ReadSecret
from runtime.services.secrets.reader import SecretReader
from runtime.services.secrets.wishes import Wish
from runtime.settings import SettingsError

KEYS_OPEN: Final = 2
"""Of how many keys, the newest ones, models stay open: what began with the last one may end."""

_UNREAD: Final = "unread"
"""In the place of a first key that nobody could be asked for; requests never carry it."""

OpenWith = Callable[[str], ChatModel]
"""Open a model with a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelKeys:
    """Know where the keys of providers are.

    Attributes:
        reader: reads them.
        wishes: by the name of the provider.
    """

    reader: SecretReader
    wishes: Mapping[str, Wish]


def read_model_keys(references: Mapping[str, str], *, reader: SecretReader) -> ModelKeys:
    """Read the references of keys.

    Raises:
        SettingsError: one can't be read.
    """
    wishes = dict[str, Wish]()
    for provider, text in references.items():
        try:
            reference = read_reference(text)
        except SecretReferenceError as error:
            raise SettingsError(f"PLANGATE_MODEL_KEYS, {provider[:40]}: {error}") from None
        wishes[provider] = Wish(reference=reference, why=f"models of {provider}")
    return ModelKeys(reader=reader, wishes=wishes)


async def open_keyed_model(
    reference_text: str,
    *,
    environ: Mapping[str, str],
    offline_providers: Mapping[str, OfflineProvider],
    keys: ModelKeys,
) -> ChatModel:
    """Open a model, with a key of `keys` where its provider has one there.

    A model at an address of its own, or with a variable of its own, never gets such a key.

    Raises:
        ModelReferenceError, ModelError: as `open_chat_model` does.
        SecretError: there is no such key, or this server may not read it.
    """
    reference = parse_model_reference(reference_text)
    own = reference.settings.api_base is not None or reference.settings.api_key_env is not None
    wish = None if own or reference.offline else keys.wishes.get(reference.provider)
    if wish is None:
        return open_chat_model(reference_text, environ=environ, offline_providers=offline_providers)

    def open_with(key: str) -> ChatModel:
        return open_chat_model(
            reference_text, environ=environ, offline_providers=offline_providers, key=key
        )

    return await KeyedModel.opened(keys.reader, wish, open_with)


class KeyedModel:
    """Be a model whose key may change while it is asked."""

    def __init__(
        self, reader: SecretReader, wish: Wish, open_with: OpenWith, *, first: ReadSecret | None
    ) -> None:
        """Open the model with its first key; None: it is read once a request needs it."""
        self._reader = reader
        self._wish = wish
        self._open_with = open_with
        version, key = (_UNREAD,) * 2 if first is None else (first.version, _text(first, wish))
        self._models = OrderedDict({version: open_with(key)})

    @classmethod
    async def opened(cls, reader: SecretReader, wish: Wish, open_with: OpenWith) -> Self:
        """Read the key, and open the model with it.

        An outage of who keeps it keeps nobody from starting: requests fail until it is over.

        Raises:
            SecretError: there is no such key, or this server may not read it.
            ModelError: the model can't be opened.
        """
        first: ReadSecret | None = None
        with suppress(SecretThrottledError, SecretUnavailableError):
            first = await reader.read(wish)
        return cls(reader, wish, open_with, first=first)

    @property
    def name(self) -> str:
        """Return the reference that the model was opened by."""
        return self._newest.name

    @property
    def offline(self) -> bool:
        """Say that it does not answer inside this process: such models have no keys."""
        return self._newest.offline

    @property
    def native_tools(self) -> bool:
        """Say whether the model takes tools."""
        return self._newest.native_tools

    async def complete(self, request: ChatRequest) -> Completion:
        """Answer one request; with a newer key once more, if the provider refuses the one known.

        Raises:
            ModelError: no usable answer came, or the key can't be read.
        """
        try:
            key = await self._reader.read(self._wish)
            model = await self._with(key)
            try:
                return await model.complete(request)
            except ModelError as error:
                if error.fault is not ModelFault.UNAUTHORIZED:
                    raise
                newer = await self._reader.refused(self._wish, version=key.version)
                if newer is None:
                    raise
            return await (await self._with(newer)).complete(request)
        except SecretError as error:
            raise ModelError(
                ModelFault.UNAVAILABLE,
                model=self.name,
                detail=f"its key can't be read ({error.code})",
            ) from None

    async def close(self) -> None:
        """Release connections; further requests are an error."""
        for model in self._models.values():
            await model.close()

    @property
    def _newest(self) -> ChatModel:
        return next(reversed(self._models.values()))

    async def _with(self, key: ReadSecret) -> ChatModel:
        found = self._models.get(key.version)
        if found is not None:
            return found
        self._models[key.version] = found = self._open_with(_text(key, self._wish))
        while len(self._models) > KEYS_OPEN:
            _, oldest = self._models.popitem(last=False)
            await oldest.close()
        return found


def _text(key: ReadSecret, wish: Wish) -> str:
    try:
        return key.value.text()
    except SecretValueError:
        raise SecretMalformedError(
            reference=wish.reference.text(),
            problem="it is no text in UTF-8",
            advice="write the key there",
        ) from None
