"""Write the client's operations: a class for each tag, a method for each way to ask an operation.

Methods are named after their operation, less the noun that their class has already: of `projects`,
`create_project` is `create`.
"""

from __future__ import annotations

import builtins
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tests.docs.client_documents import Documents

JSON: Final = "application/json"
STREAM: Final = "text/event-stream"
LINES: Final = "application/x-ndjson"
WIDTH: Final = 86
KEY: Final = "Idempotency-Key"
_PATH_PART: Final = re.compile(r"\{(\w+)\}|([^/{}:]+)|:([\w-]+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Hold one way to ask one operation of the API.

    Attributes:
        returns: `document`, `pages`, `stream`, `parts`, `bytes`, `location` or `nothing`.
        answer: the schema of what it is answered with.
        fixed: query parameters that this way always sends.
    """

    tag: str
    method: str
    path: str
    called: str
    description: dict[str, Any]
    returns: str
    answer: dict[str, Any] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)

    def parameters(self, place: str) -> Iterator[dict[str, Any]]:
        """Yield the parameters of a place, less those that the client itself sees to."""
        for parameter in self.description.get("parameters", ()):
            name = parameter["name"]
            own = name in self.fixed or (self.returns == "pages" and name == "cursor")
            if parameter["in"] == place and not own:
                yield parameter


def operations_of(description: dict[str, Any], documents: Documents) -> dict[str, list[Operation]]:
    """Return how each operation of a description is asked, by its tag.

    What projects and organizations both have is told apart: `webhooks`, `organization-webhooks`.
    """
    found: dict[str, list[Operation]] = defaultdict(list)
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            named = Operation(
                tag=operation["tags"][0],
                method=method.upper(),
                path=path,
                called=operation["operationId"].partition("_v1_")[0],
                description=operation,
                returns="document",
            )
            found[named.tag].extend(_ways(named, documents))
    apart: dict[str, list[Operation]] = defaultdict(list)
    for tag, items in found.items():
        times = Counter(item.called for item in items)
        for item in items:
            above = times[item.called] > 1 and "/organizations/" in item.path
            whose = f"organization-{tag}" if above else tag
            apart[whose].append(replace(item, tag=whose))
    return {tag: _shortened(tag, items) for tag, items in sorted(apart.items())}


def operations_module(tag: str, items: list[Operation], documents: Documents) -> str:
    """Return the text of a tag's module."""
    used = set[str]()
    methods = "\n\n".join(_method(item, documents, used) for item in items)
    lines = [
        f'"""Ask the operations on {tag} of the REST API.',
        "",
        "Written by `python -m tests.docs.renew_client`; change the API, not this.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        *_imports(methods),
        *documents.imports(used),
        "from runtime.client.transport import Transport",
        "",
        "",
        f"class {class_of(tag)}:",
        f'    """Ask the operations on {tag}."""',
        "",
        "    def __init__(self, transport: Transport) -> None:",
        '        """Keep by what to ask."""',
        "        self._transport = transport",
        "",
        methods,
    ]
    return "\n".join(lines) + "\n"


def class_of(tag: str) -> str:
    """Return the class of a tag.

    >>> class_of("event-types")
    'EventTypes'
    """
    return "".join(part.capitalize() for part in re.split(r"[^a-z]", tag))


def attribute_of(tag: str) -> str:
    """Return the name under which the client has a tag's operations."""
    return re.sub(r"[^a-z]", "_", tag)


def _ways(named: Operation, documents: Documents) -> Iterator[Operation]:
    """Yield each way to ask an operation: of several kinds of answers, each has its own method."""
    answers = {
        status: answer.get("content", {})
        for status, answer in named.description["responses"].items()
        if status[0] in "23"
    }
    found = {kind: content[kind] for content in answers.values() for kind in reversed(content)}
    if min(answers) >= "3":
        yield replace(named, returns="location")
    elif JSON in found:
        first = next(content[JSON] for content in answers.values() if JSON in content)
        yield _document(named, first["schema"], documents)
    if STREAM in found:
        called = named.called if named.called.startswith("follow") else f"{named.called}_stream"
        yield replace(named, called=called, returns="stream")
    elif LINES in found:
        yield replace(named, returns="parts")
    elif found and JSON not in found:
        yield replace(named, returns="bytes")
    elif not found and min(answers) < "3":
        yield replace(named, returns="nothing")
    if {"200", "202"} <= answers.keys():
        queued = answers["202"][JSON]["schema"]
        called = f"{named.called}_queued"
        yield replace(named, called=called, answer=queued, fixed={"mode": "queued"})


def _document(named: Operation, schema: dict[str, Any], documents: Documents) -> Operation:
    item = documents.item_of(schema)
    if item is not None:
        return replace(named, returns="pages", answer=item)
    if named.called.startswith("follow"):
        return replace(named, called=named.called.replace("follow", "list"), answer=schema)
    both = {"200", "202"} <= named.description["responses"].keys()
    return replace(named, answer=schema, fixed={"mode": ""} if both else {})


def _shortened(tag: str, items: list[Operation]) -> list[Operation]:
    """Shorten names where they stay apart."""
    noun = tag.removeprefix("organization-").replace("-", "_")
    short = {item.called: _short(item.called, {noun, _one(noun)}) for item in items}
    times = Counter(short.values())
    taken = [
        item if times[short[item.called]] > 1 else replace(item, called=short[item.called])
        for item in items
    ]
    if len({item.called for item in taken}) < len(taken):
        raise ValueError(f"operations of {tag} share a name: {sorted(i.called for i in taken)}")
    return taken


def _short(called: str, nouns: set[str]) -> str:
    verb, _, rest = called.partition("_")
    for noun in sorted(nouns, key=len, reverse=True):
        if rest == noun:
            return verb
        if rest.startswith(f"{noun}_"):
            return f"{verb}_{rest.removeprefix(noun + '_')}"
    return called


def _one(noun: str) -> str:
    if noun.endswith("ies"):
        return f"{noun[:-3]}y"
    return noun.removesuffix("s")


def _method(item: Operation, documents: Documents, used: set[str]) -> str:
    given = [_snake(name) for name, _, _ in _PATH_PART.findall(item.path) if name]
    keywords = list(_keywords(item, documents, used))
    body = _body(item, documents, used)
    signature = ["self", *(f"{name}: str" for name in given)]
    if body == "body":
        signature.append("body: object")
    if keywords:
        signature.append("*")
        signature.extend(keywords)
    if body not in {"", "body"}:
        signature.append(f"**body: Unpack[{body}]")
    wrap = "    @contextmanager\n" if item.returns in {"stream", "parts"} else ""
    head = f"    def {item.called}({', '.join(signature)}) -> {_returned(item, documents, used)}:"
    doc = f'        """{_told(item)}"""'
    return "\n".join([f"{wrap}{head}", doc, *_steps(item, body, documents, used)])


def _keywords(item: Operation, documents: Documents, used: set[str]) -> Iterator[str]:
    for place in ("query", "header"):
        for parameter in item.parameters(place):
            name = parameter["name"]
            spelled = "str" if name == KEY else documents.spelled(parameter["schema"], used)
            spelled = spelled.replace("list[", "Sequence[")  # a method may be called `list`
            if parameter.get("required"):
                yield f"{_snake(name)}: {spelled}"
            else:
                yield f"{_snake(name)}: {spelled.removesuffix(' | None')} | None = None"


def _body(item: Operation, documents: Documents, used: set[str]) -> str:
    content = item.description.get("requestBody", {}).get("content", {})
    schema = content.get(JSON, {}).get("schema")
    if schema is None:
        return ""
    spelled = documents.spelled(schema, used).removesuffix(" | None")
    return spelled if "$ref" in str(schema) else "body"


def _returned(item: Operation, documents: Documents, used: set[str]) -> str:
    match item.returns:
        case "pages":
            return f"Iterator[{documents.spelled(item.answer, used)}]"
        case "stream":
            return "Iterator[Iterator[SentEvent]]"
        case "parts":
            return "Iterator[Iterator[bytes]]"
        case "bytes":
            return "bytes"
        case "location":
            return "str"
        case "nothing":
            return "None"
        case _:
            return documents.spelled(item.answer, used)


def _steps(item: Operation, body: str, documents: Documents, used: set[str]) -> Iterator[str]:
    """Yield the lines of a method."""
    request = _request(item, body)
    match item.returns:
        case "pages":
            yield f"        return self._transport.pages({request})"
        case "stream":
            yield f"        with self._transport.following({request}) as lines:"
            yield "            yield sent_events(lines)"
        case "parts":
            yield f"        with self._transport.reading({request}) as parts:"
            yield "            yield parts"
        case "bytes":
            yield f"        return self._transport.read({request})"
        case "location":
            yield f"        return self._transport.location({request})"
        case "nothing":
            yield f"        self._transport.ask({request})"
        case _:
            spelled = documents.spelled(item.answer, used)
            yield f"        answer: {spelled} = self._transport.ask({request})"
            yield "        return answer"


def _request(item: Operation, body: str) -> str:
    parts = [f'method="{item.method}"', f"path={_path(item.path)}"]
    query = {at["name"]: _snake(at["name"]) for at in item.parameters("query")}
    query |= {name: f'"{value}"' for name, value in item.fixed.items() if value}
    if item.returns == "pages" and "limit" in query:
        query["limit"] = "limit or PAGE"
    headers = {at["name"]: _snake(at["name"]) for at in item.parameters("header")}
    if headers.pop(KEY, None) is not None:
        parts.append("key=idempotency_key or fresh_key()")
    optional = "null" in str(item.description.get("requestBody"))
    if body:
        parts.append("body=body or None" if optional and body != "body" else "body=body")
    for name, pairs in (("query", query), ("headers", headers)):
        if pairs:
            spelled = ", ".join(f'"{key}": {value}' for key, value in pairs.items())
            parts.append(f"{name}={{{spelled}}}")
    return f"Request({', '.join(parts)})"


def _path(path: str) -> str:
    parts, verb = list[str](), ""
    for variable, constant, said in _PATH_PART.findall(path.removeprefix("/v1")):
        if said:
            verb = f', verb="{said}"'
        else:
            parts.append(_snake(variable) if variable else f'"{constant}"')
    return f"path_of({', '.join(parts)}{verb})"


def _told(item: Operation) -> str:
    said = item.description["description"].strip().split("\n\n")[0].split("\n")
    first = said[0].strip()
    whole = len(said) == 1 and first.endswith(".")
    told = first if whole else f"{first.partition('. ')[0].rstrip('.,;:')}."
    if item.returns == "location":
        told = f"Return the address: {told[0].lower()}{told[1:]}"
    return _fitting(told)


def _fitting(text: str) -> str:
    """Return a sentence, or as many of its clauses as fit into a line, or of its words."""
    if len(text) <= WIDTH:
        return text
    kept = text[:WIDTH]
    ends = [kept.rfind(mark) for mark in ("; ", ". ", ", ")]
    return f"{kept[: max(ends)]}." if max(ends) > 0 else f"{kept[: kept.rfind(' ')]} ..."


def _imports(text: str) -> Iterator[str]:
    abc = [word for word in ("Iterator", "Sequence") if word in text]
    if abc:
        yield f"from collections.abc import {', '.join(abc)}"
    if "@contextmanager" in text:
        yield "from contextlib import contextmanager"
    typing = [word for word in ("Any", "Literal", "Unpack") if re.search(rf"\b{word}\b", text)]
    if typing:
        yield f"from typing import {', '.join(typing)}"
    yield ""
    if "SentEvent" in text:
        yield "from runtime.client.event_lines import SentEvent, sent_events"
    named = [word for word in ("Request", "fresh_key", "path_of") if f"{word}(" in text]
    yield f"from runtime.client.request import {', '.join(named)}"
    if "PAGE" in text:
        yield "from runtime.client.transport import PAGE"


def _snake(name: str) -> str:
    snake = name.replace("-", "_").lower()
    return f"{snake}_" if hasattr(builtins, snake) else snake
