"""List the side effects that come with the platform."""

from __future__ import annotations

from typing import Final

from runtime.plugins.contract import Plugin
from runtime.plugins.effects import Effect
from runtime.plugins.stdlib.effects.browser_read import BROWSER_READ
from runtime.plugins.stdlib.effects.browser_visit import BROWSER_VISIT
from runtime.plugins.stdlib.effects.http_call import HTTP_CALL
from runtime.plugins.stdlib.effects.mail_send import MAIL_SEND
from runtime.plugins.stdlib.effects.model_infer import MODEL_INFER

EFFECTS: Final[tuple[Effect, ...]] = (
    BROWSER_READ,
    BROWSER_VISIT,
    HTTP_CALL,
    MAIL_SEND,
    MODEL_INFER,
)

PLUGIN: Final = Plugin(id="effects", version="1", components=(), actions=(), effects=EFFECTS)
