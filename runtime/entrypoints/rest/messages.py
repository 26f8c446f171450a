"""Read messages with the files that came with them, which are large and never believed."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import override

from runtime.agent.file_kinds import refuse_disguise
from runtime.agent.media import MAX_ATTACHMENT_BYTES, Attachment, AttachmentError, part_of
from runtime.domain.principal import Mode
from runtime.domain.turn import MOST_ATTACHED_BYTES, MOST_ATTACHMENTS, MOST_MESSAGE
from runtime.entrypoints.rest.body import BodyCaps, CappedRequest
from runtime.entrypoints.rest.problem_codes import ProblemCode
from runtime.entrypoints.rest.problems import ProblemError
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.entrypoints.rest.texts import NameText
from runtime.services.conversations.accepting import Said

MESSAGE_SIZE_BYTES: Final = 28_000_000
"""Of the body: base64 of as many bytes as may be attached, and what stands around it."""
MESSAGE_MARKS: Final = MOST_MESSAGE + 10_000
"""Of the body: a message may be of nothing else, and the names of files too."""
_MOST_BASE64: Final = -(-MAX_ATTACHMENT_BYTES // 3) * 4


class MessageRequest(CappedRequest):
    """Read the body of a message, the only one of the platform's that holds files."""

    @property
    @override
    def caps(self) -> BodyCaps:
        """Return the bounds of this body: its own size and marks, and the app's time."""
        caps: BodyCaps = self.app.state.body_caps
        return BodyCaps(size_bytes=MESSAGE_SIZE_BYTES, time_s=caps.time_s, marks=MESSAGE_MARKS)


class MessageRoute(PlatformRoute):
    """Stand before the one route that takes messages."""

    reads = MessageRequest


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileIn(_Wire):
    """Attach a file; `base64` holds its bytes, of which none are kept."""

    name: NameText
    mime: Annotated[str, Field(pattern=r"^[a-z]+/[a-z0-9.+-]+$", max_length=200)]
    base64: Annotated[str, Field(max_length=_MOST_BASE64)]


class MessageIn(_Wire):
    """Say something to the agent.

    Attributes:
        mode: below which the caller's own grant is held for this turn; it can't be raised.
    """

    message: Annotated[str, Field(min_length=1, max_length=MOST_MESSAGE)]
    attachments: Annotated[tuple[FileIn, ...], Field(max_length=MOST_ATTACHMENTS)] = ()
    mode: Mode | None = None

    def said(self) -> Said:
        """Return it with its files decoded; takes a while for large ones.

        Raises:
            ProblemError: a file is not what it says, none that a model is shown, or too large.
        """
        try:
            attachments = tuple(
                Attachment.from_base64(name=item.name, mime=item.mime, text=item.base64)
                for item in self.attachments
            )
            for attachment in attachments:
                part_of(attachment)
                refuse_disguise(attachment)
        except AttachmentError as error:
            raise ProblemError(ProblemCode.ATTACHMENT_INVALID, str(error)) from error
        size_bytes = sum(len(item.data) for item in attachments)
        if size_bytes > MOST_ATTACHED_BYTES:
            raise ProblemError(
                ProblemCode.ATTACHMENT_INVALID,
                f"the attachments have {size_bytes} bytes together; at most "
                f"{MOST_ATTACHED_BYTES} are allowed",
            )
        return Said(message=self.message, attachments=attachments, mode=self.mode)
