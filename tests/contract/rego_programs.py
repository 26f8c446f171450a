"""Make up rules of customers from a seed, of what people write: loops, tables, functions, defaults.

Three constructs are left out, since a real OPA and the embedded engine differ in them: a reference
or a call of a rule's own function in the head of a rule (bound in the body here), behind `not` a
call or comparison of what may be undefined (only of what the body has bound), and which of a set
and an object is the larger.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

_PATHS: Final = (
    "input.inputs.amount",
    "input.inputs.note",
    "input.inputs.items",
    "input.inputs.missing",
    "input.principal.claims.groups",
    "input.principal.claims.limit",
    "input.principal.claims.department",
    "input.principal.roles",
    "input.action.permission.risk",
    "input.action.name",
    "input.action.cost",
    "input.time.hour",
    "input.plan.actions",
)
_LISTS: Final = (
    "input.principal.roles",
    "input.plan.actions",
    "input.action.targets",
    "words",
    "table",
)
_LITERALS: Final = ('"admin"', '"box"', "7", "0", "true", "null", '[1, "a"]', '{"k": 1}')
_EQUAL: Final = ("==", "!=")
_SIGNS: Final = (*_EQUAL, "<", ">", "<=", ">=")
_TABLES: Final = """words := ["a", "box", "admin", 7]

table := {"box.put": 1, "admin": "a", "a": [1], "box": "b"}
"""


class ProgramWriter:
    """Write modules of `tenant.organization`, each time others."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def module(self) -> str:
        """Return one; an engine may still find a wrong type in it."""
        parts = [
            "package tenant.organization\n",
            _TABLES,
            f"default level := {self._pick(_LITERALS)}\n",
            self._rule("level := {}"),
            self._rule("flag"),
            self._function("f(x) := table[x]"),
            self._function("g(x)"),
            self._rule(
                'deny contains {{"message": sprintf("%s", [type_name({})]), "remedy": "x"}}'
            ),
            self._rule('deny contains {{"message": type_name({}), "remedy": "y"}}'),
            self._rule("roles contains {}"),
        ]
        return "\n".join(parts)

    def _rule(self, head: str) -> str:
        names, lines = self._body()
        if "{}" in head:
            lines.append(f"bound := {self._expression(names)}")
        written = "\n\t".join(lines)
        return f"{head.format('bound')} if {{\n\t{written}\n}}\n"

    def _function(self, head: str) -> str:
        return f"{head} if {{\n\t{self._condition(['x'], calls=False)}\n}}\n"

    def _body(self) -> tuple[list[str], list[str]]:
        """Return the lines of a body, and the names that they bind."""
        names: list[str] = []
        lines: list[str] = []
        for index in range(self._random.randint(1, 4)):
            match self._random.randrange(4):
                case 0:
                    lines.append(f"some v{index} in {self._pick(_LISTS)}")
                    names.append(f"v{index}")
                case 1:
                    lines.append(f"v{index} := {self._expression(names)}")
                    names.append(f"v{index}")
                case _:
                    lines.append(self._condition(names))
        return names, lines

    def _condition(self, names: list[str], *, calls: bool = True) -> str:
        makers: list[Callable[[], str]] = [
            lambda: f"{self._term(names)} {self._pick(_SIGNS)} {self._term(names)}",
            lambda: f"{self._term(names)} in {self._pick(_LISTS)}",
            lambda: f"every z in {self._pick(_LISTS)} {{ z {self._pick(_SIGNS)} 7 }}",
            lambda: self._pick(_PATHS),
            lambda: f"is_string({self._term(names)})",
            lambda: f"{self._pick(_LISTS)}[_] == {self._term(names)}",
            lambda: f"not {self._pick(_PATHS)}",
            lambda: f"not {self._bound(names)} in words",
            lambda: f"not {self._bound(names)} {self._pick(_SIGNS)} {self._bound(names)}",
        ]
        if calls:
            makers += [
                lambda: f"g({self._term(names)})",
                lambda: f"not g({self._bound(names)})",
                lambda: f"{self._expression(names)} {self._pick(_EQUAL)} {self._expression(names)}",
            ]
        return self._random.choice(makers)()

    def _expression(self, names: list[str]) -> str:
        makers: list[Callable[[], str]] = [
            lambda: self._term(names),
            lambda: self._term(names),
            lambda: f"object.get(table, {self._term(names)}, {self._term(names)})",
            lambda: f"f({self._term(names)})",
            lambda: f"[y | some y in {self._pick(_LISTS)}; y != {self._term(names)}]",
            lambda: f"count({{w | some w in {self._pick(_LISTS)}; g(w)}})",
            lambda: f'{{"k": {self._term(names)}, "l": {self._term(names)}}}',
            lambda: f"[{self._term(names)}, {self._term(names)}]",
            lambda: f"type_name({self._term(names)})",
        ]
        return self._random.choice(makers)()

    def _term(self, names: list[str]) -> str:
        chance = self._random.random()
        if names and chance < 0.4:
            return self._pick(names)
        if chance < 0.75:
            return self._pick(_PATHS)
        if chance < 0.85:
            return f"table[{self._bound(names)}]"
        return self._pick(_LITERALS)

    def _bound(self, names: list[str]) -> str:
        """Return what is never undefined."""
        return self._pick(names) if names else self._pick(('"a"', '"box"', "7"))

    def _pick(self, items: list[str] | tuple[str, ...]) -> str:
        return self._random.choice(items)
