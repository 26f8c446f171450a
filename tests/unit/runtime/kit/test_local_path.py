"""A path stays on this site, an address does not."""

from __future__ import annotations

import pytest

from runtime.kit.local_path import MOST_LETTERS, is_local_path


@pytest.mark.parametrize("text", ["/", "/a", "/a/b?c=d#e", "/%2F%2Fevil.example", "/a//b", "/:80"])
def test_paths_are_local(text: str) -> None:
    """Whatever comes after the first letters."""
    assert is_local_path(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("a", id="relative"),
        pytest.param("//evil.example", id="a host after two slashes"),
        pytest.param("/\\evil.example", id="a backslash counts as a slash"),
        pytest.param("\\/evil.example", id="a backslash first"),
        pytest.param("/a\\b", id="a backslash anywhere"),
        pytest.param("https://evil.example", id="an address"),
        pytest.param("javascript:alert(1)", id="a script"),
        pytest.param("/\t/evil.example", id="a tab, which browsers drop"),
        pytest.param("/\n/evil.example", id="a line end, which browsers drop"),
        pytest.param("\n//evil.example", id="a line end first"),
        pytest.param(" //evil.example", id="a space first"),
        pytest.param("/a\r\nSet-Cookie: x=y", id="another header"),
        pytest.param("/a\n", id="a line end last"),
        pytest.param("/\0", id="a NUL"),
        pytest.param("/é", id="not of ASCII"),
        pytest.param("/" * 2 + "a", id="two slashes"),
        pytest.param("/" + "a" * MOST_LETTERS, id="too long"),
    ],
)
def test_anything_else_is_not(text: str) -> None:
    """A browser might go elsewhere."""
    assert not is_local_path(text)
