"""Name a secret where it is kept, never the secret itself: `vault://kv/shop/crm#token`.

Settings and organizations write references; `services.secrets` reads what they name. A text that
can be read is the only spelling of its reference: prefixes of it can be compared as they stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

MAX_CHARACTERS: Final = 1_024

_SEGMENT: Final = r"(?!\.{1,2}(?:/|\Z))[A-Za-z0-9_.@+=:-]{1,255}"
_NUMBER: Final = r"[1-9][0-9]{0,8}"
_FIELD: Final = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_NEVER: Final = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """Hold how references of one scheme look; what is not named can't be written.

    Attributes:
        usage: what to write, for messages.
    """

    usage: str
    path: re.Pattern[str]
    version: re.Pattern[str] = _NEVER
    stage: re.Pattern[str] = _NEVER
    field: re.Pattern[str] = _FIELD


_FORMS: Final[Mapping[str, _Form]] = MappingProxyType(
    {
        "vault": _Form(
            usage="vault://MOUNT/PATH?version=N#FIELD",
            path=re.compile(rf"{_SEGMENT}(?:/{_SEGMENT}){{1,31}}"),
            version=re.compile(_NUMBER),
        ),
        "awssm": _Form(
            usage="awssm://NAME-OR-ARN?stage=STAGE#FIELD or awssm://NAME-OR-ARN?version=ID#FIELD",
            path=re.compile(rf"/?{_SEGMENT}(?:/{_SEGMENT}){{0,31}}"),
            version=re.compile(r"[A-Za-z0-9-]{32,64}"),
            stage=re.compile(r"[A-Za-z0-9_.@+/-]{1,256}"),
        ),
        "gcpsm": _Form(
            usage="gcpsm://PROJECT/SECRET?version=N#FIELD",
            path=re.compile(r"[a-z0-9][a-z0-9-]{0,62}/[A-Za-z0-9_-]{1,255}"),
            version=re.compile(rf"{_NUMBER}|latest"),
        ),
        "file": _Form(
            usage="file:///ABSOLUTE/PATH#FIELD",
            path=re.compile(rf"(?:/{_SEGMENT}){{1,32}}"),
        ),
        "env": _Form(
            usage="env://NAME",
            path=re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}"),
            field=_NEVER,
        ),
    }
)


class SecretReferenceError(ValueError):
    """A text that is no reference; it may be a secret, so the message repeats none of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRef:
    """Say which secret is meant.

    Attributes:
        scheme: who keeps it: vault, awssm, gcpsm, file or env.
        path: what it is called there.
        field: which member of the document that is kept there; None: all of it.
        version: which version; None: the one in use.
        stage: which stage (AWS only); None: the current one.
    """

    scheme: str
    path: str
    field: str | None = None
    version: str | None = None
    stage: str | None = None

    def __post_init__(self) -> None:
        """Refuse what no text could say.

        Raises:
            SecretReferenceError: a part has not the form that its scheme asks for.
        """
        form = _FORMS.get(self.scheme)
        if form is None:
            raise SecretReferenceError(
                f"a reference begins with one of {', '.join(f'{name}://' for name in _FORMS)}"
            )
        for name, part, expected in (
            ("path", self.path, form.path),
            ("field", self.field, form.field),
            ("version", self.version, form.version),
            ("stage", self.stage, form.stage),
        ):
            if part is not None and not expected.fullmatch(part):
                raise SecretReferenceError(
                    f"the {name} of a reference to {self.scheme} can't be used, "
                    f"expected {form.usage}, in ASCII and without '.', '..', '//' or '%'"
                )
        if self.version is not None and self.stage is not None:
            raise SecretReferenceError("a reference names a version or a stage, not both")
        if len(self.text()) > MAX_CHARACTERS:
            raise SecretReferenceError(
                f"a reference to {self.scheme} is too long, "
                f"expected at most {MAX_CHARACTERS} characters"
            )

    def text(self) -> str:
        """Return the reference as it is written.

        >>> SecretRef(scheme="vault", path="kv/shop/crm", field="token", version="3").text()
        'vault://kv/shop/crm?version=3#token'
        """
        version = "" if self.version is None else f"?version={self.version}"
        stage = "" if self.stage is None else f"?stage={self.stage}"
        field = "" if self.field is None else f"#{self.field}"
        return f"{self.scheme}://{self.path}{version}{stage}{field}"


def read_reference(text: str) -> SecretRef:
    """Read a reference.

    >>> read_reference("awssm://shop/crm?stage=AWSPREVIOUS#token").stage
    'AWSPREVIOUS'

    Raises:
        SecretReferenceError: it is none, or is written otherwise than `text` would write it.
    """
    scheme, _, rest = text.partition("://")
    body, hashed, field = rest.partition("#")
    path, asked, query = body.partition("?")
    name, equals, value = query.partition("=")
    if asked and not (equals and name in {"version", "stage"}):
        raise SecretReferenceError("after '?' a reference says version=... or stage=...")
    return SecretRef(
        scheme=scheme,
        path=path,
        field=field if hashed else None,
        version=value if name == "version" else None,
        stage=value if name == "stage" else None,
    )


def is_reference(text: str) -> bool:
    """Return whether a text is meant as a reference; one that can't be read is so too.

    >>> [is_reference(text) for text in ("vault://", "FILE:///x", "postgresql://host", "hunter2")]
    [True, True, False, False]
    """
    scheme, separator, _ = text.partition("://")
    return bool(separator) and scheme.lower() in _FORMS
