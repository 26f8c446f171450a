"""Check what every page shares: our own files, and data that can't leave its element."""

import orjson

from harness.reporting.pages import embed, joined

HOSTILE = "</script><script>alert(1)</script><!-- &amp; \u2028\u2029"


def test_no_text_can_end_the_script_element() -> None:
    """Markup survives as data, without a single markup character."""
    text = embed({"answer": HOSTILE})

    assert not set(text) & set("<>&\u2028\u2029")
    assert orjson.loads(text) == {"answer": HOSTILE}


def test_files_are_joined_in_order() -> None:
    """Later rules may rest on earlier ones."""
    text = joined(("tokens.css", "page.css"))

    assert text.index("--paper") < text.index(".masthead" if ".masthead" in text else ".bar")
    assert text.startswith("/*")
