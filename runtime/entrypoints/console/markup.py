"""Make HTML in which every text is a text: whatever a model or a tenant wrote, none of it runs.

What Gradio's own templates would read (`$`, braces, backticks) is spelled as entities as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import orjson

NOTHING: Final = "-"
MOST_LETTERS: Final = 20_000
_ENTITIES: Final = {ord(sign): f"&#{ord(sign)};" for sign in "&<>\"'`${}"}
_HIDDEN: Final = {0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}


class Html(str):
    """Hold HTML that was made here; any other text is escaped when it is put into one."""

    __slots__ = ()


def escaped(text: object) -> Html:
    r"""Return a text as HTML that shows it, and does nothing else.

    Signs that turn the direction of writing are shown as what they are, so that nobody is misled.

    >>> escaped('<b>"${x}"</b>')
    '&#60;b&#62;&#34;&#36;&#123;x&#125;&#34;&#60;/b&#62;'
    >>> escaped("a\u202eb")
    'a[U+202E]b'
    """
    said = str(text)
    cut = said if len(said) <= MOST_LETTERS else f"{said[:MOST_LETTERS]} ... cut"
    seen = "".join(f"[U+{ord(at):04X}]" if ord(at) in _HIDDEN else at for at in cut)
    return Html(seen.translate(_ENTITIES))


def joined(parts: Iterable[object]) -> Html:
    """Return parts one behind the other, those that are no HTML as texts."""
    return Html("".join(part if isinstance(part, Html) else escaped(part) for part in parts))


def element(tag: str, *parts: object, **attributes: str) -> Html:
    """Return an element; `class_` and `aria_label` are spelled as HTML does.

    >>> element("p", "1 < 2", class_="note")
    '<p class="note">1 &#60; 2</p>'
    """
    spelled = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escaped(value)}"'
        for name, value in attributes.items()
    )
    return Html(f"<{tag}{spelled}>{joined(parts)}</{tag}>")


def chip(text: object, kind: str = "plain") -> Html:
    """Return a short state in a colour of its kind: `good`, `bad`, `wait` or `plain`."""
    return element("span", text, class_=f"pg-chip pg-{kind}")


def note(text: object, kind: str = "plain") -> Html:
    """Return a sentence that stands alone."""
    role = "alert" if kind == "bad" else "status"
    return element("div", text, class_=f"pg-note pg-{kind}", role=role)


def table(columns: Mapping[str, str], rows: Sequence[Sequence[object]], *, empty: str) -> Html:
    """Return a table, or what to say of none.

    Args:
        columns: titles, each with the class of its cells.
        rows: cells in the order of the columns.
        empty: said where there is no row.
    """
    if not rows:
        return element("div", empty, class_="pg-empty")
    heads = joined(element("th", title, scope="col", class_=at) for title, at in columns.items())
    body = joined(
        element(
            "tr",
            *(
                element("td", cell, class_=at, data_title=title)
                for (title, at), cell in zip(columns.items(), row, strict=True)
            ),
        )
        for row in rows
    )
    whole = element("table", element("thead", element("tr", heads)), element("tbody", body))
    return element("div", whole, class_="pg-table", tabindex="0", role="region", aria_label="Table")


def pairs(items: Mapping[str, object]) -> Html:
    """Return names with their values."""
    inner = joined(
        joined((element("dt", name), element("dd", value))) for name, value in items.items()
    )
    return element("dl", inner, class_="pg-pairs")


def value(item: object) -> Html:
    """Return a value of JSON, short and on one line."""
    if item is None:
        return element("span", "null", class_="pg-muted")
    text = item if isinstance(item, str) else orjson.dumps(item).decode()
    return element("code", text, class_="pg-value")


def document(item: object) -> Html:
    """Return a value of JSON as people read it."""
    text = orjson.dumps(item, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode()
    return element("pre", text, class_="pg-json", tabindex="0")


def instant(text: str | None) -> Html:
    """Return an instant of the API, to the second.

    >>> instant("2026-03-01T10:00:00.123456Z")
    '<time datetime="2026-03-01T10:00:00.123456Z">2026-03-01 10:00:00</time>'
    """
    if text is None:
        return escaped(NOTHING)
    return element("time", text[:19].replace("T", " "), datetime=text)
