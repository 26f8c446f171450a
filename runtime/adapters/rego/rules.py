"""Read rules from syntax trees: which there are, what they refer to, which need themselves.

An engine finds a rule that needs itself when it gets there, and a function that calls itself only
by running out of stack: so both are looked for in the text, before anything runs.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

Node: TypeAlias = Any  # a piece of the engine's syntax tree: objects, arrays and texts
Path: TypeAlias = tuple[str, ...]

_TEST_PACKAGE: Final = "_test"
_TEST_RULE: Final = "test_"
_ROOTS: Final = ("tenant", "plangate")
_DATA: Final = "data"
_DEFAULT: Final = "Default"
_CALL: Final = "Call"
_VAR: Final = "Var"
_LINKS: Final = ("RefDot", "RefBrack")
_NAMES: Final = (*_LINKS, _VAR)
KEPT: Final = 100
"""How many modules are remembered as read: those of a trial, and some."""
_TEXTS: Final = ("String", "RawString")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Describe one rule as it is written.

    Attributes:
        file: the path of its module.
        line: where it begins.
        package: the parts of its module's package.
        name: the words of its name that are written out, below the package.
        is_function: it takes arguments.
        needs: what it refers to, as paths below `data`, as far as they are written out.
        calls: the paths below `data` of what it calls.
    """

    file: str
    line: int
    package: Path
    name: Path
    is_function: bool
    needs: frozenset[Path]
    calls: frozenset[Path]

    @property
    def path(self) -> Path:
        """Return where it stands below `data`."""
        return self.package + self.name

    @property
    def dotted(self) -> str:
        """Return how it is asked for."""
        return ".".join(("data", *self.path))

    @property
    def in_tests(self) -> bool:
        """Say whether its module holds tests."""
        return self.package[-1].endswith(_TEST_PACKAGE)

    @property
    def is_test(self) -> bool:
        """Say whether it is a test itself."""
        return self.in_tests and self.asked_alone and self.name[-1].startswith(_TEST_RULE)

    @property
    def asked_alone(self) -> bool:
        """Say whether an engine can be asked for it by its name."""
        return len(self.name) == 1 and not self.is_function


@dataclass(slots=True)
class RuleReader:
    """Read syntax trees, and remember what modules said that come again beside others.

    To read one takes longer than all else that a trial does with it; nothing but its text and the
    names in its package says what its rules are.
    """

    kept: int = KEPT
    _read: OrderedDict[tuple[str, str, frozenset[str]], tuple[Rule, ...]] = field(
        default_factory=OrderedDict
    )

    def rules_of(self, modules: Sequence[Node]) -> list[Rule]:
        """Return the rules of an engine's syntax trees, in order."""
        names: dict[Path, set[str]] = {}
        for module in modules:
            tree = module["ast"]
            own = names.setdefault(_words(tree["package"]["refr"]), set())
            own.update(_words(_head(node))[0] for node in tree["rules"])
        return [rule for module in modules for rule in self._rules(module, names)]

    def _rules(self, module: Node, names: Mapping[Path, set[str]]) -> tuple[Rule, ...]:
        package = _words(module["ast"]["package"]["refr"])
        source = module["source"]
        key = (source["file"], source["contents"], frozenset(names[package]))
        found = self._read.get(key)
        if found is None:
            found = self._read[key] = tuple(_rules(module, names))
            while len(self._read) > self.kept:
                self._read.popitem(last=False)
        self._read.move_to_end(key)
        return found


def problems_of(rules: Sequence[Rule]) -> list[str]:
    """Return what is wrong with rules whatever the input is, each with its file and line."""
    functions = {rule.path for rule in rules if rule.is_function}
    problems = [
        f"{rule.file}:{rule.line}: calls data.{'.'.join(path)}, which no module has"
        for rule in rules
        for path in sorted(rule.calls)
        if path[0] in _ROOTS and path not in functions
    ]
    return problems + [
        f"{rule.file}:{rule.line}: data.{'.'.join(rule.path)} needs itself"
        for rule in _loops(rules)
    ]


def _loops(rules: Sequence[Rule]) -> list[Rule]:
    """Return the rules that are needed to answer themselves, directly or by others."""
    firsts: dict[Path, Rule] = {}
    below: dict[Path, set[Path]] = {}
    for rule in rules:
        firsts.setdefault(rule.path, rule)
        for length in range(len(rule.path) + 1):
            below.setdefault(rule.path[:length], set()).add(rule.path)
    after: dict[Path, set[Path]] = {path: set() for path in firsts}
    for rule in rules:
        for need in rule.needs:
            above = {need[:length] for length in range(len(need))}
            after[rule.path] |= below.get(need, set()) | (above & firsts.keys())
    return [first for path, first in firsts.items() if path in _reached(after[path], after)]


def _reached(first: set[Path], after: Mapping[Path, set[Path]]) -> set[Path]:
    reached: set[Path] = set()
    waiting = list(first)
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            waiting.extend(after[path])
    return reached


def _rules(module: Node, names: Mapping[Path, set[str]]) -> Iterator[Rule]:
    tree = module["ast"]
    text = module["source"]["contents"].encode()
    package = _words(tree["package"]["refr"])
    known = {name: (*package, name) for name in names[package]}
    known |= dict(_aliases(tree["imports"], text))
    for node in tree["rules"]:
        _, body = _only(node)
        pieces = _pieces(node)
        local = _locals(pieces, text) | _variables(_arguments(node))
        outer = {name: path for name, path in known.items() if name not in local}
        called = {words for words, is_call in _references(pieces) if is_call}
        needed = {words for words, _ in _references(pieces)}
        yield Rule(
            file=module["source"]["file"],
            line=body["span"]["line"],
            package=package,
            name=_words(_head(node)),
            is_function=bool(_arguments(node)),
            needs=frozenset(_resolved(needed, outer)),
            calls=frozenset(_resolved(called, outer)),
        )


def _aliases(imports: Sequence[Node], text: bytes) -> Iterator[tuple[str, Path]]:
    for node in imports:
        words = _words(node["refr"])
        if words[0] == _DATA:
            alias = node.get("as")  # left out where there is none
            yield (_slice(alias, text) if alias else words[-1]), words[1:]


def _resolved(found: set[Path], known: Mapping[str, Path]) -> Iterator[Path]:
    """Return where names lead below `data`; those of locals, builtins and the input don't."""
    for first, *others in found:
        if first == _DATA:
            yield tuple(others)
        elif first in known:
            yield (*known[first], *others)


def _head(node: Node) -> Node:
    kind, body = _only(node)
    if kind == _DEFAULT:
        return body["refr"]
    (head,) = body["head"].values()
    return head["refr"]


def _arguments(node: Node) -> list[Node]:
    kind, body = _only(node)
    holder = body if kind == _DEFAULT else body["head"].get("Func", {})
    return list(holder.get("args", ()))


def _pieces(node: Node) -> list[Node]:
    """Return what a rule is made of but its own name."""
    kind, body = _only(node)
    if kind == _DEFAULT:
        return [body["args"], body["value"]]
    (head,) = body["head"].values()
    rest = [piece for name, piece in head.items() if name != "refr"]
    return [*rest, *_members(head["refr"])[1], body["bodies"]]


def _words(refr: Node) -> Path:
    return _members(refr)[0]


def _members(refr: Node) -> tuple[Path, list[Node]]:
    """Return the words that a name is written with, up to a computed one, and what computes."""
    words: list[str | None] = []
    computing: list[Node] = []
    kind, body = _only(refr)
    while kind in _LINKS:
        if kind == "RefDot":
            words.append(body["field"][1])
        else:
            index_kind, index = _only(body["index"])
            words.append(index["value"] if index_kind in _TEXTS else None)
            computing.append(body["index"])
        kind, body = _only(body["refr"])
    if kind != _VAR:  # a member of an answer, as of `f(x).y`
        return (), [*computing, {kind: body}]
    words.append(body["value"])
    words.reverse()
    written = words[: words.index(None)] if None in words else words
    return tuple(word for word in written if word is not None), computing


def _references(pieces: Sequence[Node]) -> Iterator[tuple[Path, bool]]:
    """Return the names that are used, each with whether it is called."""
    waiting = list(pieces)
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict):
            kind, body = _only(node)
            if kind == _CALL:
                yield _words(body["fcn"]), True
                waiting.extend(body["params"])
            elif kind in _NAMES:
                words, computing = _members(node)
                if words:
                    yield words, False
                waiting.extend(computing)
            else:
                waiting.extend(node.values())


def _locals(pieces: Sequence[Node], text: bytes) -> set[str]:
    """Return the names that a rule gives to values of its own."""
    found: set[str] = set()
    waiting = list(pieces)
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict):
            kind, body = _only(node)
            found |= _declared(kind, body, text)
            waiting.extend(node.values())
    return found


def _declared(kind: str, body: Node, text: bytes) -> set[str]:
    match kind:
        case "SomeVars":
            return {_slice(span, text) for span in body["vars"]}
        case "SomeIn":
            return _variables([body["key"], body["value"]])
        case "Every":
            return {_slice(span, text) for span in (body["key"], body["value"]) if span}
        case "AssignExpr" if body["op"] == "ColEq":
            return _variables([body["lhs"]])
        case _:
            return set()


def _variables(pieces: Sequence[Node]) -> set[str]:
    return {words[0] for words, is_call in _references(pieces) if not is_call}


def _only(node: Node) -> tuple[str, Node]:
    """Return kind and content of a node; other objects have no kind."""
    if isinstance(node, dict) and len(node) == 1:
        ((kind, body),) = node.items()
        return kind, body
    return "", node


def _slice(span: Node, text: bytes) -> str:
    return text[span["start"] : span["end"]].decode()
