"""Read a document and refuse it by its shape alone, before it is compared with the schema.

Every check is linear in the document's tokens: what fragments would multiply is counted, not built.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSyntaxError,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    StringValueNode,
    parse,
)

from runtime.entrypoints.graphql.refusals import DocumentRefusedError, Reason

MOST_BYTES: Final = 20_000
MOST_TOKENS: Final = 1_000
MOST_COMMENTS: Final = 200
MOST_DEPTH: Final = 12
MOST_ALIASES: Final = 30
MOST_REPETITIONS: Final = 20
"""How many fields may stand beside another of their name: each is compared with all of its name."""
MOST_DIRECTIVES: Final = 20
MOST_FRAGMENTS: Final = 20
MOST_ROOT_FIELDS: Final = 10
MOST_VARIABLES: Final = 50
_SURROGATES: Final = range(0xD800, 0xE000)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDocument:
    """Hold a document of one operation.

    Attributes:
        fragments: by name.
    """

    node: DocumentNode
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]


@dataclass(frozen=True, slots=True)
class _Shape:
    """Measure a selection with all that its fragments bring: levels, and fields at the top."""

    depth: int
    fields: int


def read_document(text: str) -> ReadDocument:
    """Return a document that is small enough to be compared with the schema.

    Raises:
        DocumentRefusedError: it can't be read, or passes a limit.
    """
    if len(text.encode(errors="surrogatepass")) > MOST_BYTES:
        raise DocumentRefusedError(
            Reason.TOO_LONG, f"the document has more than {MOST_BYTES} bytes, which are the most"
        )
    node = _parsed(text)
    _count(node)
    read = ReadDocument(
        node=node,
        operation=_operation(node),
        fragments={
            item.name.value: item
            for item in node.definitions
            if isinstance(item, FragmentDefinitionNode)
        },
    )
    _measure(read)
    if read.operation.operation is OperationType.SUBSCRIPTION:
        _refuse_directives(read)
    return read


def _parsed(text: str) -> DocumentNode:
    try:
        return parse(text, no_location=False, max_tokens=MOST_TOKENS, max_comments=MOST_COMMENTS)
    except GraphQLSyntaxError as error:
        raise _unread(error) from None
    except GraphQLError:
        raise DocumentRefusedError(Reason.UNREADABLE, "the document can't be read") from None


def _unread(error: GraphQLSyntaxError) -> DocumentRefusedError:
    """Tell too much from nonsense; the library has one class for both."""
    if "more than" in error.message:
        return DocumentRefusedError(
            Reason.TOO_MANY_TOKENS,
            f"the document has more than {MOST_TOKENS} tokens or {MOST_COMMENTS} comments",
        )
    if "too deeply" in error.message:
        return DocumentRefusedError(
            Reason.TOO_DEEP, f"the document nests deeper than {MOST_DEPTH} levels"
        )
    return DocumentRefusedError(Reason.UNREADABLE, error.message[:200])


def _operation(node: DocumentNode) -> OperationDefinitionNode:
    """Return the one operation of a document.

    Raises:
        DocumentRefusedError: there is none, or there are several, or something else.
    """
    found = [item for item in node.definitions if isinstance(item, OperationDefinitionNode)]
    others = [
        item
        for item in node.definitions
        if not isinstance(item, OperationDefinitionNode | FragmentDefinitionNode)
    ]
    if len(found) != 1 or others:
        raise DocumentRefusedError(
            Reason.SEVERAL_OPERATIONS,
            f"the document has {len(found)} operations and {len(others)} other definitions, "
            "expected one operation and its fragments",
        )
    return found[0]


def _count(node: DocumentNode) -> None:
    """Refuse too much of anything, wherever it stands."""
    aliases = directives = repetitions = 0
    for each in _nodes(node):
        aliases += isinstance(each, FieldNode) and each.alias is not None
        directives += len(getattr(each, "directives", None) or ())
        if isinstance(each, SelectionSetNode):
            repetitions += _repetitions(each)
        if isinstance(each, StringValueNode):
            _refuse_unfit(each.value)
    fragments = sum(isinstance(item, FragmentDefinitionNode) for item in node.definitions)
    for found, most, reason, what in (
        (aliases, MOST_ALIASES, Reason.TOO_MANY_ALIASES, "aliases"),
        (repetitions, MOST_REPETITIONS, Reason.TOO_MANY_REPETITIONS, "repeated fields"),
        (directives, MOST_DIRECTIVES, Reason.TOO_MANY_DIRECTIVES, "directives"),
        (fragments, MOST_FRAGMENTS, Reason.TOO_MANY_FRAGMENTS, "fragments"),
        (_variables(node), MOST_VARIABLES, Reason.TOO_MANY_VARIABLES, "variables"),
    ):
        if found > most:
            raise DocumentRefusedError(
                reason, f"the document has {found} {what}, at most {most} may be"
            )


def _repetitions(selection: SelectionSetNode) -> int:
    """Return how many fields and spreads of a selection stand there again."""
    names = [
        (type(item), getattr(item, "alias", None) or getattr(item, "name", None))
        for item in selection.selections
        if not isinstance(item, InlineFragmentNode)
    ]
    return len(names) - len({(kind, name.value) for kind, name in names if name is not None})


def _variables(node: DocumentNode) -> int:
    return sum(
        len(item.variable_definitions or ())
        for item in node.definitions
        if isinstance(item, OperationDefinitionNode)
    )


def _refuse_unfit(text: str) -> None:
    """Refuse what no database keeps, and what is no text."""
    if "\0" in text or any(ord(letter) in _SURROGATES for letter in text):
        raise DocumentRefusedError(
            Reason.UNREADABLE, "a text of the document has a NUL or half a character"
        )


def _nodes(root: Node) -> Iterator[Node]:
    """Yield every node of a document, without recursion."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        for key in node.keys:
            if key == "loc":
                continue
            value = getattr(node, key, None)
            if isinstance(value, Node):
                waiting.append(value)
            elif isinstance(value, tuple | list):
                waiting.extend(item for item in value if isinstance(item, Node))


def _measure(read: ReadDocument) -> None:
    """Refuse what nests too deep or asks for too much at the top, fragments included."""
    shapes: dict[str, _Shape] = {}
    for name in read.fragments:
        _fragment(name, read, shapes, open_names=())
    shape = _selection(read.operation.selection_set, read, shapes, open_names=())
    if shape.depth > MOST_DEPTH:
        raise DocumentRefusedError(
            Reason.TOO_DEEP,
            f"the document nests {shape.depth} levels deep, at most {MOST_DEPTH} may be",
        )
    if shape.fields > MOST_ROOT_FIELDS:
        raise DocumentRefusedError(
            Reason.TOO_MANY_ROOT_FIELDS,
            f"the operation has {shape.fields} fields, at most {MOST_ROOT_FIELDS} may be; "
            "send several requests",
        )


def _refuse_directives(read: ReadDocument) -> None:
    """Refuse a stream that a directive could leave without its one field."""
    waiting, seen = [read.operation.selection_set], set[str]()
    while waiting:
        for node in waiting.pop().selections:
            if node.directives:
                raise DocumentRefusedError(
                    Reason.STREAM_DIRECTIVES,
                    "a directive stands at the top of a subscription, where none may be",
                )
            if isinstance(node, InlineFragmentNode):
                waiting.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                found = read.fragments.get(node.name.value)
                waiting.extend([] if found is None else [found.selection_set])


def _fragment(
    name: str, read: ReadDocument, shapes: dict[str, _Shape], *, open_names: tuple[str, ...]
) -> _Shape:
    """Measure a fragment once; one that is unknown is the schema's to refuse."""
    if name in open_names:
        raise DocumentRefusedError(
            Reason.FRAGMENT_CYCLE, f"the fragment '{name[:80]}' leads to itself"
        )
    found = read.fragments.get(name)
    if found is None:
        return _Shape(0, 0)
    if name not in shapes:
        shapes[name] = _selection(found.selection_set, read, shapes, open_names=(*open_names, name))
    return shapes[name]


def _selection(
    selection: SelectionSetNode | None,
    read: ReadDocument,
    shapes: dict[str, _Shape],
    *,
    open_names: tuple[str, ...],
) -> _Shape:
    depth = fields = 0
    for node in () if selection is None else selection.selections:
        if isinstance(node, FragmentSpreadNode):
            found = _fragment(node.name.value, read, shapes, open_names=open_names)
        elif isinstance(node, InlineFragmentNode):
            found = _selection(node.selection_set, read, shapes, open_names=open_names)
        else:
            below = _selection(
                getattr(node, "selection_set", None), read, shapes, open_names=open_names
            )
            found = _Shape(below.depth + 1, 1)
        depth, fields = max(depth, found.depth), fields + found.fields
    return _Shape(depth, fields)
