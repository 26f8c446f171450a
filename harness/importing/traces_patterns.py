"""Know personal data by its form, names and secrets by the words and keys around them."""

from __future__ import annotations

import re
from typing import Final

_WORD: Final = r"[^\W\d_a-zß-öø-ÿ][\w'\u2019-]+"
_LINK: Final = r"(?:(?:von|van|vom|de|der|den|la|le|da|di|del|al)\s+)*"
NAME: Final = rf"{_WORD}(?:[ \t]+{_LINK}{_WORD}){{0,3}}"

NAME_CUES: Final = tuple(
    re.compile(cue.format(name=NAME), re.MULTILINE)
    for cue in (
        (
            r"(?i:\bmy name is|\bi am called|\bthis is|\bmein name ist|\bich heiße|\bich heisse"
            r"|\bje m['\u2019]appelle|\bmon nom est|\bme llamo|\bmi chiamo)\s+({name})"
        ),
        r"\b(?:Mr|Mrs|Ms|Mx|Dr|Prof|Herrn?|Frau|Madame|Monsieur|Mme|Señora?)\.?[ \t]+({name})",
        r"^\s*(?i:hi|hello|hey|dear|hallo|liebe[rs]?|bonjour|hola)[ \t]+({name})\s*[,!.]",
        r"(?i:regards|cheers|thanks|thank you|grüße|gruß|cordialement)[,!.]?\s*\n\s*({name})\s*$",
        (
            r"(?i:\bcustomer|\bclient|\bkunde|\bkundin|\bpatient|\bemployee|\bcolleague)"
            r"[ \t]+({name})"
        ),
        r"(?<!\w)({name})[ \t]*[<(][^\s<>@]+@",
    )
)
SECRET_CUES: Final = (
    re.compile(
        r"(?i:\b(?:password|passwort|passcode|mot de passe|pin)\b"
        r"(?:\s+(?:is|ist|est|lautet)\s+|\s*[:=]\s*))[\"'“]?([^\s\"'”,;]{3,})"
    ),
    re.compile(r"\b(?i:bearer)\s+([\w.~+/=-]{12,})"),
)
PERSON_KEYS: Final = frozenset(
    {
        "first_name",
        "last_name",
        "full_name",
        "given_name",
        "family_name",
        "surname",
        "customer_name",
        "contact_name",
        "user_name",
        "author",
        "requester",
        "sender",
        "recipient",
        "assignee",
        "owner",
        "patient",
        "contact",
        "customer",
    }
)
SECRET_KEYS: Final = frozenset(
    {
        "password",
        "passwort",
        "secret",
        "token",
        "api_key",
        "access_token",
        "refresh_token",
        "authorization",
    }
)
_GAP: Final = r"\u00a0\u202f\u2010-\u2015-"
"""Spaces that do not break, and dashes: how word processors spell what stands between digits."""
FORMS: Final = re.compile(
    r"(?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<token>\b(?:sk|pk|rk|api|key|tok|token)[-_](?=[\w-]*\d)[\w-]{12,}"
    r"|\bgh[pousr]_\w{20,}|\bxox[abprs]-[\w-]{10,}|\bAKIA[0-9A-Z]{16}\b"
    r"|\beyJ[\w-]+\.[\w-]+\.[\w-]*|\b[0-9a-fA-F]{32,}\b"
    r"|(?<![\w+/=-])(?=[\w+/=-]*\d)(?=[\w+/=-]*[a-z])(?=[\w+/=-]*[A-Z])[\w+/=-]{32,})"
    r"|(?P<account>\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,4})?\b)"
    rf"|(?P<card>(?<!\w)\d(?:[ {_GAP}]?\d){{12,18}}(?!\w))"
    r"|(?P<phone>(?<![\w.])(?!\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b)"
    rf"(?:(?:\+\d|00\d|\(?0\d)[\d \t()./{_GAP}]{{5,18}}\d"
    rf"|\(?\d{{3}}\)?[ .{_GAP}]\d{{3}}[ .{_GAP}]\d{{4}})(?!\w))"
)
