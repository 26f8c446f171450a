"""Laws of JSON patches."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from runtime.kit.canonical_json import canonical_bytes, parse
from runtime.kit.json_patch import Operation, PatchError, apply, diff
from runtime.kit.json_value import JsonValue, json_equal

KEYS = st.text(alphabet="ab/~1-", max_size=2)
LEAVES = st.sampled_from([None, True, False, 0, 1, 1.0, 2.5, "", "a"])
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=15,
)
POINTERS = st.lists(KEYS | st.sampled_from(["0", "1", "-"]), max_size=3).map(
    lambda tokens: "".join("/" + t.replace("~", "~0").replace("/", "~1") for t in tokens)
)
OPERATIONS = st.fixed_dictionaries(
    {
        "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]),
        "path": POINTERS,
        "from": POINTERS,
        "value": DOCUMENTS,
    }
)


@given(DOCUMENTS, DOCUMENTS)
def test_applying_the_difference_gives_the_other_document(
    before: JsonValue, after: JsonValue
) -> None:
    """The law that replay rests on, also after the operations were stored and read back."""
    operations = diff(before, after)

    assert json_equal(apply(operations, before), after)
    assert json_equal(apply(parse(canonical_bytes(operations)), before), after)


@given(DOCUMENTS, DOCUMENTS)
def test_there_is_a_difference_exactly_when_documents_differ(
    before: JsonValue, after: JsonValue
) -> None:
    """Equal documents give no operation, whether or not they are one object."""
    assert diff(before, before) == []
    assert diff(before, parse(canonical_bytes(before))) == []
    assert (diff(before, after) == []) == json_equal(before, after)


@given(st.lists(LEAVES, max_size=6), LEAVES, st.data())
def test_one_inserted_item_is_one_operation(
    items: list[JsonValue], item: JsonValue, data: st.DataObject
) -> None:
    """The equal ends of two arrays are left alone."""
    place = data.draw(st.integers(0, len(items)))

    operations = diff(items, [*items[:place], item, *items[place:]])

    assert [operation["op"] for operation in operations] == ["add"]


@given(DOCUMENTS, st.lists(OPERATIONS, max_size=6))
def test_applying_changes_neither_the_document_nor_the_operations(
    document: JsonValue, operations: list[Operation]
) -> None:
    """Whatever happens, what came in stays as it was, though the outcome shares parts of it."""
    before = repr(document), repr(operations)

    with suppress(PatchError):
        apply(operations, document)

    assert (repr(document), repr(operations)) == before


@given(DOCUMENTS, st.lists(OPERATIONS, max_size=6))
def test_a_patch_is_its_operations_one_by_one(
    document: JsonValue, operations: list[Operation]
) -> None:
    """Reusing copies within a patch is not to be seen from outside."""
    assert outcome(operations, document) == one_by_one(operations, document)


def outcome(operations: list[Operation], document: JsonValue) -> JsonValue:
    """Return the patched document as bytes, or the reason that there is none."""
    try:
        return canonical_bytes(apply(operations, document))
    except PatchError as error:
        # spelled and read again, 1.0 is 1: the reason may then name another type of number
        return error.path, error.reason.replace(" a float,", " a int,")


def one_by_one(operations: list[Operation], document: JsonValue) -> JsonValue:
    """Apply each operation as a patch of its own, to a document that shares nothing."""
    for operation in operations:
        spelled = outcome([operation], document)
        if not isinstance(spelled, bytes):
            return spelled
        document = parse(spelled)
    return canonical_bytes(document)
