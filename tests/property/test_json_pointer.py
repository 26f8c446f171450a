"""Laws of JSON pointers."""

from hypothesis import given
from hypothesis import strategies as st

from runtime.kit.canonical_json import canonical_bytes
from runtime.kit.json_pointer import covers, get, join, parse, remove, set_value
from runtime.kit.json_value import JsonValue, json_equal

KEYS = st.text(alphabet="ab/~01*-", max_size=3)
TOKENS = st.lists(KEYS, max_size=4)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


def places(value: JsonValue, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], JsonValue]]:
    """Return every value of a document with the tokens that lead to it."""
    found = [(path, value)]
    if isinstance(value, dict):
        for key, item in value.items():
            found += places(item, (*path, key))
    if isinstance(value, list):
        for index, item in enumerate(value):
            found += places(item, (*path, str(index)))
    return found


@given(TOKENS)
def test_parsing_is_the_inverse_of_joining(tokens: list[str]) -> None:
    """No token is lost or split by its escapes."""
    assert parse(join(tokens)) == tuple(tokens)


@given(DOCUMENTS)
def test_every_value_is_found_by_its_pointer(document: JsonValue) -> None:
    """Reading a pointer gives the very value that stands there."""
    for path, value in places(document):
        assert get(document, join(path)) is value


@given(DOCUMENTS, st.data())
def test_what_is_set_is_read_back_and_nothing_else_changes(
    document: JsonValue, data: st.DataObject
) -> None:
    """Setting replaces one place; setting the old value again restores the document."""
    before = canonical_bytes(document)
    path, old = data.draw(st.sampled_from(places(document)))
    pointer = join(path)

    changed = set_value(document, pointer, "new")

    assert get(changed, pointer) == "new"
    assert json_equal(set_value(changed, pointer, old), document)
    assert canonical_bytes(document) == before


@given(DOCUMENTS, st.data())
def test_what_is_removed_from_an_object_can_be_put_back(
    document: JsonValue, data: st.DataObject
) -> None:
    """Removing takes one key away, from a copy."""
    inside_objects = [
        place for place in places({"root": document})[1:] if not place[0][-1].isdigit()
    ]
    path, value = data.draw(st.sampled_from(inside_objects))
    whole = {"root": document}

    smaller = remove(whole, join(path))

    assert not json_equal(smaller, whole)
    assert json_equal(set_value(smaller, join(path), value), whole)


@given(TOKENS, TOKENS, st.data())
def test_a_prefix_covers_what_is_below_it_with_any_token_as_a_star(
    tokens: list[str], below: list[str], data: st.DataObject
) -> None:
    """Stars in the prefix lose no match; a shorter pointer is never covered."""
    prefix = [data.draw(st.sampled_from([token, "*"])) for token in tokens]

    assert covers(join(prefix), join(tokens + below))
    assert not covers(join([*prefix, "x"]), join(tokens))
