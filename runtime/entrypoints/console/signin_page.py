"""Show the page that asks who somebody is; it needs no script, and is there at once."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from runtime.entrypoints.console.markup import Html, element, escaped, joined

STYLE: Final = (Path(__file__).parent / "signin.css").read_text(encoding="utf-8")


def signin_page(
    *, platform: str, provider: str | None = None, continues: bool = False, failure: str = ""
) -> str:
    """Return the page.

    Args:
        platform: where the token will be sent, as people read it.
        provider: address at which the platform's identity provider signs people in.
        continues: the browser brings a session of the platform, which can be used.
        failure: why the last attempt opened nothing.
    """
    parts = [
        element("h1", element("i", aria_hidden="true"), "Plangate"),
        element("p", f"Sign in to {platform}"),
    ]
    if failure:
        parts.append(element("div", failure, class_="bad", role="alert"))
    if continues:
        parts.append(_form(element("button", "Continue as signed in", name="use", value="session")))
        parts.append(element("p", "or", class_="or"))
    parts.append(_form(_TOKEN_FIELD, element("button", "Sign in")))
    if provider is not None:
        parts.append(element("p", "or", class_="or"))
        parts.append(element("a", "Use your organization's sign-in", class_="other", href=provider))
    head = joined(
        (
            Html('<meta charset="utf-8">'),
            Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
            Html('<link rel="icon" href="data:,">'),
            element("title", "Sign in · Plangate"),
            Html(f"<style>{STYLE}</style>"),
        )
    )
    body = element("body", element("main", *parts))
    return f'<!doctype html><html lang="{escaped("en")}"><head>{head}</head>{body}</html>'


_TOKEN_FIELD: Final = joined(
    (
        element("label", "Token", for_="token"),
        Html(
            '<input id="token" name="token" type="password" autocomplete="current-password" '
            'required maxlength="4096" spellcheck="false" autofocus>'
        ),
    )
)


def _form(*parts: Html) -> Html:
    return element("form", *parts, method="post", action="signin")
