"""Hold documents that mean harm: what each tries, and why it has to be refused (A7, A8, A9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from runtime.entrypoints.graphql.refusals import Reason

PROJECT: Final = '"prj_01KDVDNA000000000000000000"'


def nested(levels: int, *, field: str = "me", leaf: str = "__typename") -> str:
    """Nest one field in itself."""
    return "{ " + f"{field} {{ " * levels + leaf + " }" * levels + " }"


def doubling(times: int) -> str:
    """Let each fragment spread the one before twice, so that fields double with each."""
    first = "fragment f0 on Query { me { credential { id } } } "
    rest = " ".join(
        f"fragment f{number} on Query {{ ...f{number - 1} ...f{number - 1} }}"
        for number in range(1, times)
    )
    return f"{{ ...f{times - 1} }} {first} {rest}"


def many(text: str, times: int, *, joint: str = " ") -> str:
    """Repeat a text, in which # becomes a number."""
    return joint.join(text.replace("#", str(number)) for number in range(times))


def cycle(length: int) -> str:
    """Let fragments lead around to the first one."""
    parts = [
        f"fragment f{number} on Query {{ ...f{(number + 1) % length} }}" for number in range(length)
    ]
    return "{ ...f0 } " + " ".join(parts)


def in_project(selection: str) -> str:
    """Select in a project."""
    return f"{{ project(id: {PROJECT}) {{ {selection} }} }}"


_SHAPES: Final[Mapping[str, tuple[str, Reason]]] = {
    "nothing": ("", Reason.UNREADABLE),
    "spaces": (" " * 15_000, Reason.UNREADABLE),
    "half a document": ("{ me { member", Reason.UNREADABLE),
    "an empty selection": ("{ }", Reason.UNREADABLE),
    "a text without an end": ('{ node(id: "' + "a" * 10_000, Reason.UNREADABLE),
    "a NUL in a text": ('{ node(id: "\\u0000") { id } }', Reason.UNREADABLE),
    "half a character in a text": ('{ node(id: "\\uD800") { id } }', Reason.UNREADABLE),
    "a control character": ("{ me \x01 }", Reason.UNREADABLE),
    "spaces beyond the size": (" " * 30_000 + "{ me { member { id } } }", Reason.TOO_LONG),
    "a huge text": ('{ node(id: "' + "a" * 30_000 + '") { id } }', Reason.TOO_LONG),
    "a huge comment": ("#" + "a" * 30_000 + "\n{ me { member { id } } }", Reason.TOO_LONG),
    "a huge name": ("{ " + "a" * 30_000 + " }", Reason.TOO_LONG),
    "ten million braces": ("{" * 10_000_000, Reason.TOO_LONG),
    "many fields": ("{ " + "me " * 5_000 + "}", Reason.TOO_MANY_TOKENS),
    "many commas and fields": ("{ " + "a,b," * 2_500 + "}", Reason.TOO_MANY_TOKENS),
    "many comments": ("#\n" * 5_000 + "{ me { member { id } } }", Reason.TOO_MANY_TOKENS),
    "many arguments": ("{ node(" + many("a#:1", 2_000) + ") { id } }", Reason.TOO_MANY_TOKENS),
    "many values": ("{ node(id: [" + "1," * 3_000 + "]) { id } }", Reason.TOO_MANY_TOKENS),
    "many spreads": ("{ " + "...f " * 2_000 + "}", Reason.TOO_MANY_TOKENS),
    "braces without an end": ("{a" * 1_500, Reason.TOO_DEEP),
    "one field again and again": (
        in_project("state { " + "version " * 900 + "}"),
        Reason.TOO_MANY_REPETITIONS,
    ),
    "three fields again and again": (
        in_project("state { " + "version digest components " * 200 + "}"),
        Reason.TOO_MANY_REPETITIONS,
    ),
    "one spread again and again": (
        "{ " + "...f " * 300 + "} fragment f on Query { me { member { id } } }",
        Reason.TOO_MANY_REPETITIONS,
    ),
    "deep fields": (nested(200), Reason.TOO_DEEP),
    "a little too deep": (nested(13), Reason.TOO_DEEP),
    "deep inline fragments": (
        "{ " + "... on Query { " * 200 + nested(12)[1:-1] + " }" * 200 + " }",
        Reason.TOO_DEEP,
    ),
    "deep lists": ("{ node(id: " + "[" * 900 + "]" * 900 + ") { id } }", Reason.TOO_DEEP),
    "deep objects": ("{ node(id: " + "{a:" * 300 + "1" + "}" * 300 + ") { id } }", Reason.TOO_DEEP),
    "deep types of a variable": (
        "query($v: " + "[" * 900 + "ID" + "]" * 900 + ") { me { member { id } } }",
        Reason.TOO_DEEP,
    ),
    "depth hidden in fragments": (
        "{ ...a } fragment a on Query "
        + nested(6, leaf="...b")
        + " fragment b on Query "
        + nested(8),
        Reason.TOO_DEEP,
    ),
    "aliases of one field": (
        "{ " + many("a#: me { credential { id } }", 100) + " }",
        Reason.TOO_MANY_ALIASES,
    ),
    "aliases below": (in_project(many("a#: state { version }", 100)), Reason.TOO_MANY_ALIASES),
    "aliases in a fragment": (
        "{ ...f } fragment f on Query { " + many("a#: me { credential { id } }", 50) + " }",
        Reason.TOO_MANY_ALIASES,
    ),
    "a mutation fifty times": (
        "mutation { " + many(f"a#: archiveProject(id: {PROJECT}) {{ id }}", 50) + " }",
        Reason.TOO_MANY_ALIASES,
    ),
    "directives on a field": (
        "{ me " + "@include(if: true) " * 50 + "{ member { id } } }",
        Reason.TOO_MANY_DIRECTIVES,
    ),
    "unknown directives": (
        "{ me " + many("@a#", 200) + " { member { id } } }",
        Reason.TOO_MANY_DIRECTIVES,
    ),
    "directives on the operation": (
        "query " + "@skip " * 300 + "{ me { member { id } } }",
        Reason.TOO_MANY_DIRECTIVES,
    ),
    "directives all over": (
        "{ " + many("f# @skip(if: true)", 100) + " }",
        Reason.TOO_MANY_DIRECTIVES,
    ),
    "fragments": (
        "{ me { member { id } } } " + many("fragment f# on Query { me { member { id } } }", 40),
        Reason.TOO_MANY_FRAGMENTS,
    ),
    "variables": (
        "query(" + many("$v#: ID", 200) + ") { me { member { id } } }",
        Reason.TOO_MANY_VARIABLES,
    ),
}

_CYCLES: Final[Mapping[str, tuple[str, Reason]]] = {
    "a fragment in itself": (cycle(1), Reason.FRAGMENT_CYCLE),
    "two fragments in each other": (cycle(2), Reason.FRAGMENT_CYCLE),
    "a ring of fragments": (cycle(15), Reason.FRAGMENT_CYCLE),
    "a ring that nothing uses": (
        "{ me { member { id } } } fragment a on Query { ...b } fragment b on Query { ...a }",
        Reason.FRAGMENT_CYCLE,
    ),
    "a ring below a field": (
        in_project("...f") + " fragment f on ProjectContents { state { ...g } } "
        "fragment g on State { ...f }",
        Reason.FRAGMENT_CYCLE,
    ),
    "fragments that double": (doubling(20), Reason.TOO_MANY_ROOT_FIELDS),
}

_WIDTHS: Final[Mapping[str, tuple[str, Reason]]] = {
    "fields at the top": ("{ " + "me { member { id } } " * 15 + "}", Reason.TOO_MANY_ROOT_FIELDS),
    "aliases at the top": (
        "{ " + many("a#: me { credential { id } }", 20) + " }",
        Reason.TOO_MANY_ROOT_FIELDS,
    ),
    "mutations at the top": (
        "mutation { " + many(f"a#: archiveProject(id: {PROJECT}) {{ id }}", 20) + " }",
        Reason.TOO_MANY_ROOT_FIELDS,
    ),
    "long lists": (
        in_project(many("a#: outcomes(first: 1000) { nodes { id number status cost } }", 10)),
        Reason.TOO_COSTLY,
    ),
    "one list with members": (
        in_project(
            "outcomes(first: 1000) { nodes { member { id kind displayName email } "
            "id number status cost steps digest: planDigest before { version digest } "
            "after { version digest } createdAt } edges { cursor node { id status cost "
            "member { id } } } }"
        ),
        Reason.TOO_COSTLY,
    ),
    "a list without end": (
        in_project("outcomes(first: 2147483647) { nodes { id } }"),
        Reason.TOO_COSTLY,
    ),
    "a list without end by default": (
        "query($n: Int! = 2147483647) " + in_project("outcomes(first: $n) { nodes { id } }"),
        Reason.TOO_COSTLY,
    ),
    "costly fragments": (
        in_project("...a")
        + " fragment a on ProjectContents { "
        + many("a#: snapshots(first: 200) { nodes { ...b } }", 9)
        + " } fragment b on Snapshot { version digest cause diff principal createdAt "
        "execution { id status cost steps } member { id displayName } }",
        Reason.TOO_COSTLY,
    ),
    "a dozen long lists of which nothing is shown": (
        in_project(many("a#: outcomes(first: 1000) { pageInfo { endCursor } }", 12)),
        Reason.TOO_COSTLY,
    ),
    "states by the dozen": (
        in_project(many("a#: state(version: #) { components }", 29)),
        Reason.TOO_COSTLY,
    ),
    "differences by the dozen": (
        in_project(many("a#: difference(before: 0, after: #) { diff }", 29)),
        Reason.TOO_COSTLY,
    ),
    "one state after the other": (
        in_project(many("a#: snapshots(first: 200) { nodes { version digest diff cause } }", 29)),
        Reason.TOO_COSTLY,
    ),
}

_UNFIT: Final[Mapping[str, tuple[str, Reason]]] = {
    "two operations": (
        "query a { me { member { id } } } query b { projects { nodes { id } } }",
        Reason.SEVERAL_OPERATIONS,
    ),
    "fifty operations": (many("query q# { me { member { id } } }", 50), Reason.SEVERAL_OPERATIONS),
    "no operation": ("fragment f on Query { me { member { id } } }", Reason.SEVERAL_OPERATIONS),
    "a definition of a type": (
        "{ me { member { id } } } type Query { evil: Int }",
        Reason.SEVERAL_OPERATIONS,
    ),
    "an extension of a type": (
        "{ me { member { id } } } extend type Query { evil: Int }",
        Reason.SEVERAL_OPERATIONS,
    ),
    "the schema": ("{ __schema { types { name fields { name } } } }", Reason.NO_INTROSPECTION),
    "a type": ('{ __type(name: "Query") { fields { name } } }', Reason.NO_INTROSPECTION),
    "the schema in circles": (
        (
            "{ __schema { types { fields { type { fields { type { fields { type { name } } "
            "} } } } } } }"
        ),
        Reason.NO_INTROSPECTION,
    ),
    "the schema, aliased": ("{ a: __schema { queryType { name } } }", Reason.NO_INTROSPECTION),
    "the schema in a fragment": (
        "{ ...f } fragment f on Query { __schema { queryType { name } } }",
        Reason.NO_INTROSPECTION,
    ),
    "a field that is none": ("{ users { password } }", Reason.NOT_OF_THE_SCHEMA),
    "an identity as an argument": (
        '{ me(userId: "mem_01KDVDNA000000000000000000") { member { id } } }',
        Reason.NOT_OF_THE_SCHEMA,
    ),
    "an organization as an argument": (
        '{ projects(organization: "org_01KDVDNA000000000000000000") { nodes { id } } }',
        Reason.NOT_OF_THE_SCHEMA,
    ),
    "a confirmation that is none": (
        (
            f"mutation {{ executePlan(project: {PROJECT}, plan: {{steps: []}}, confirmed: true) "
            "{ id } }"
        ),
        Reason.NOT_OF_THE_SCHEMA,
    ),
    "an argument in a plan's place": (
        f'mutation {{ executePlan(project: {PROJECT}, plan: "drop table") {{ id }} }}',
        Reason.NOT_OF_THE_SCHEMA,
    ),
    "more in a plan than a plan has": (
        (
            f'mutation {{ executePlan(project: {PROJECT}, plan: {{steps: [], principal: "x"}}) '
            "{ id } }"
        ),
        Reason.NOT_OF_THE_SCHEMA,
    ),
    "a number too large for its type": (
        in_project("outcomes(first: 99999999999999999999) { nodes { id } }"),
        Reason.NOT_OF_THE_SCHEMA,
    ),
    "a number that is infinite": (
        (
            f'mutation {{ simulatePlan(project: {PROJECT}, plan: {{steps: [{{action: "a", '
            "inputs: {v: 1e999}}]}) { id } }"
        ),
        Reason.NOT_OF_THE_SCHEMA,
    ),
    "a version beyond 53 bits": (
        in_project("snapshot(version: 9007199254740993) { version }"),
        Reason.NOT_OF_THE_SCHEMA,
    ),
    "a key that comes twice": (
        f"mutation {{ simulatePlan(project: {PROJECT}, plan: {{steps: [], steps: []}}) {{ id }} }}",
        Reason.NOT_OF_THE_SCHEMA,
    ),
    "another type in a union's place": (
        '{ node(id: "x") { ... on Query { me { member { id } } } } }',
        Reason.NOT_OF_THE_SCHEMA,
    ),
    "fragments that overlap": (
        in_project(many("...f#", 20))
        + many(
            " fragment f# on ProjectContents { state { version digest components } usage { day } "
            "registry { digest plugin environment } none }",
            20,
        ),
        Reason.NOT_OF_THE_SCHEMA,
    ),
    "fields that contradict each other": (
        in_project("state(version: 1) { version } state(version: 2) { version }"),
        Reason.NOT_OF_THE_SCHEMA,
    ),
    "two streams at once": (
        (
            f"subscription {{ a: projectEvents(project: {PROJECT}) {{ id }} "
            f"b: projectEvents(project: {PROJECT}) {{ id }} }}"
        ),
        Reason.NOT_OF_THE_SCHEMA,
    ),
    "a stream of nine": (
        "subscription { " + many(f"a#: projectEvents(project: {PROJECT}) {{ id }}", 9) + " }",
        Reason.NOT_OF_THE_SCHEMA,
    ),
    "a stream that is skipped": (
        f"subscription {{ projectEvents(project: {PROJECT}) @skip(if: true) {{ id }} }}",
        Reason.STREAM_DIRECTIVES,
    ),
    "a stream that a variable includes": (
        (
            "subscription($b: Boolean!) { ... on Subscription "
            f"{{ projectEvents(project: {PROJECT}) @include(if: $b) {{ id }} }} }}"
        ),
        Reason.STREAM_DIRECTIVES,
    ),
    "a deferred fragment": ("{ ... @defer { me { member { id } } } }", Reason.NOT_OF_THE_SCHEMA),
}

DOCUMENTS: Final[Mapping[str, tuple[str, Reason]]] = {**_SHAPES, **_CYCLES, **_WIDTHS, **_UNFIT}


def named() -> Iterator[tuple[str, str, Reason]]:
    """Yield each document with its name and the reason to refuse it."""
    for name, (text, reason) in DOCUMENTS.items():
        yield name, text, reason
