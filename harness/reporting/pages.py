"""Put a page together: one file with its own style and script, and a policy that forbids others.

Whatever came from a model or a scenario is escaped by the templates, or set as text by the script;
`embed` spells data so that no text in it can end its element.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from harness.reporting import wording
from runtime.public import JsonObject

_HIDDEN_FROM_MARKUP = str.maketrans(
    {
        "<": "\\u003c",
        ">": "\\u003e",
        "&": "\\u0026",
        "\u2028": "\\u2028",
        "\u2029": "\\u2029",
    }
)


def render_page(
    template: str,
    *,
    styles: tuple[str, ...],
    scripts: tuple[str, ...],
    data: JsonObject,
    facts: dict[str, object],
) -> str:
    """Return a page.

    Args:
        template: name of the template.
        styles: names of our own style sheets, in order.
        scripts: names of our own scripts, in order.
        data: what the script reads.
        facts: what the template shows.
    """
    script, style = joined(scripts), joined(styles)
    return (
        _environment()
        .get_template(template)
        .render(
            **facts,
            script=Markup(script),  # noqa: S704  # our own file
            style=Markup(style),  # noqa: S704  # our own file
            script_digest=_digest(script),
            style_digest=_digest(style),
            data=Markup(embed(data)),  # noqa: S704  # spelled without markup
        )
    )


def embed(document: JsonObject) -> str:
    """Return JSON, spelled so that no text in it can end its script element."""
    return orjson.dumps(document).decode().translate(_HIDDEN_FROM_MARKUP)


@cache
def joined(names: tuple[str, ...]) -> str:
    """Return our own files as one text."""
    folder = files("harness.reporting") / "templates"
    return "\n".join((folder / name).read_text(encoding="utf-8").strip() for name in names)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("harness.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": wording.percent,
        "points": wording.points,
        "points_interval": wording.points_interval,
        "p_value": wording.p_value,
        "interval": wording.interval,
        "dollars": wording.dollars,
        "duration": wording.duration,
        "count": wording.count,
    }
    environment.globals["plural"] = wording.plural
    return environment


def _digest(text: str) -> str:
    """Return how the page's policy names one inline element: by the digest of its whole text."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
