"""Judge what a plugin declares, before a model or a person reads any of it.

Problems keep the plugin from being served; warnings are shown to administrators. Descriptions go
to models word by word, so text that talks to the model instead of describing something is a
problem, and so is text that a person doesn't see.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from runtime.domain.action import ACTION_ID
from runtime.domain.errors import DeclarationError
from runtime.domain.policy_modules import PolicyLevel, module_problems
from runtime.domain.policy_unit import PolicyModule
from runtime.domain.registry import COMPONENT_ID, Registry
from runtime.engine.compiled import CompiledRegistry
from runtime.kit.canonical_json import CanonicalJsonError, canonical_bytes
from runtime.kit.json_pointer import PointerError, parse
from runtime.kit.json_value import JsonValue
from runtime.plugins.contract import Capability, Environment, Plugin
from runtime.plugins.declarations import declared, declared_effects, own_ids
from runtime.ports.effect import EFFECT_NAME

NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
HOST: Final = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
FOLDER: Final = re.compile(r"[A-Za-z_][\w.]*:[\w./-]+", re.ASCII)
MOST_ID_LETTERS: Final = 128
LONG_TEXT: Final = 600
LONGEST_TEXT: Final = 4_000
LARGEST_BYTES: Final = 1_000_000
MOST_TOLD: Final = 20
"""How many problems are told at a time."""
_LEVELS: Final = {"organization": PolicyLevel.ORGANIZATION, "project": PolicyLevel.PROJECT}
_SPACE: Final = frozenset("\n\t")
_POISON: Final = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,40}"
    r"\b(?:previous|prior|above|earlier|other|all|these|system|safety)\b[^.\n]{0,30}"
    r"\b(?:instruction|prompt|rule|message|guideline|polic|direction|tool|action)"
    r"|\b(?:do not|don't|never|without)\s+(?:tell|telling|inform|informing|ask|asking|mention"
    r"|mentioning|reveal|revealing)\w*\s+(?:this\s+to\s+)?(?:the\s+|any\s+)?"
    r"(?:user|person|operator|human|admin)"
    r"|\bsystem\s+prompt\b|\byou\s+are\s+now\b|\bnew\s+instructions?\s*:"
    r"|<\s*/?\s*(?:system|important|instructions?|assistant|secret)\s*>"
    r"|\[\s*/?\s*(?:INST|SYSTEM)\s*\]|<\|[a-z_]+\|>"
    r"|\b(?:always|must)\s+(?:call|use|invoke|prefer)\s+this\s+(?:action|tool)\s+"
    r"(?:first|instead|before)",
    re.IGNORECASE,
)
_CREDENTIALS: Final = re.compile(
    r"[a-z][a-z0-9+.-]*://[^\s/@:]+:[^\s/@]+@"
    r"|[?&](?:token|api_?key|secret|password|access_token)=[^\s&{<]{6,}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lint:
    """Hold what was found.

    Attributes:
        problems: each keeps the plugin from being served.
        warnings: each is shown and changes nothing.
    """

    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def lint(plugin: Plugin) -> Lint:
    """Judge everything that a plugin declares; whatever its parts are, this returns."""
    try:
        document = declared(plugin)
        size = len(canonical_bytes(document))
    except (AttributeError, TypeError, ValueError, CanonicalJsonError) as error:
        return Lint(problems=(f"its declarations are no JSON: {type(error).__name__}: {error}",))
    if size > LARGEST_BYTES:
        problem = f"its declarations have {size} bytes, expected {LARGEST_BYTES} at most"
        return Lint(problems=(problem,))
    problems = [
        *_id_problems(plugin),
        *_part_problems(plugin),
        *_policy_problems(plugin),
        *_text_problems(document, where=""),
    ]
    if not problems:
        problems += _compile_problems(plugin)
    warnings = [*_capability_warnings(plugin), *_length_warnings(document, where="")]
    return Lint(problems=tuple(problems[:MOST_TOLD]), warnings=tuple(warnings[:MOST_TOLD]))


def _id_problems(plugin: Plugin) -> Iterator[str]:
    """Yield what is wrong with ids: they are short, ASCII, and each is there once."""
    named = [
        ("plugin", plugin.id, NAME),
        *(("environment", e.id, NAME) for e in plugin.environments),
    ]
    named += [("component", item.id, COMPONENT_ID) for item in plugin.components]
    named += [("action", item.id, ACTION_ID) for item in plugin.actions]
    named += [("effect", item.name, EFFECT_NAME) for item in plugin.effects]
    for kind, found, form in named:
        if not form.fullmatch(found) or len(found) > MOST_ID_LETTERS:
            yield f"{kind} id {found[:MOST_ID_LETTERS]!a} is not of the form {form.pattern}"
    claimed = list(own_ids(plugin))
    for own in sorted({item for item in claimed if claimed.count(item) > 1}):
        yield f"{own.kind} '{own.id}' is declared twice"


def _part_problems(plugin: Plugin) -> Iterator[str]:
    """Yield what is wrong with what came with contract 1.2."""
    yield from _widget_problems(plugin)
    for host in plugin.capabilities.hosts:
        if not HOST.fullmatch(host):
            yield f"capabilities: {host[:80]!a} is no host in lower case"
    yield from _effect_problems(plugin)
    for folder in plugin.scenarios:
        if not FOLDER.fullmatch(folder) or ".." in folder:
            yield f"scenarios: {folder[:80]!a} is not of the form package:folder"


def _effect_problems(plugin: Plugin) -> Iterator[str]:
    """Yield others' effects that actions ask for and the plugin does not declare."""
    for name in plugin.capabilities.effects:
        if not EFFECT_NAME.fullmatch(name) or len(name) > MOST_ID_LETTERS:
            spelled = f"{name[:MOST_ID_LETTERS]!a}"
            yield f"capabilities: effect {spelled} is not of the form {EFFECT_NAME.pattern}"
    allowed = declared_effects(plugin)
    for action in plugin.actions:
        if asked := allowed.undeclared(action):
            yield (
                f"action '{action.id}' asks for the effect '{asked}', which the plugin "
                f"'{plugin.id}' neither has nor declares; {allowed.remedy(asked)}"
            )


def _widget_problems(plugin: Plugin) -> Iterator[str]:
    components = {item.id for item in plugin.components}
    for widget in plugin.widgets:
        try:
            first = next(iter(parse(widget.path)), "")
        except PointerError:
            first = ""
        if first not in components:
            yield f"widget '{widget.title[:40]}': {widget.path[:80]!r} points at no component of it"


def _policy_problems(plugin: Plugin) -> Iterator[str]:
    """Yield what keeps offered rules from being uploaded, as an upload would say."""
    for prefix, level in _LEVELS.items():
        modules = [
            PolicyModule(path=item.path, text=item.text)
            for item in plugin.policies
            if item.path.partition("/")[0] == prefix
        ]
        if modules:
            yield from (f"policy {problem}" for problem in module_problems(modules, level=level))
    for item in plugin.policies:
        if item.path.partition("/")[0] not in _LEVELS:
            yield f"policy {item.path[:80]!a}: its path begins with organization/ or project/"


def _text_problems(value: JsonValue, *, where: str) -> Iterator[str]:
    """Yield texts that talk to the model, hide something, carry credentials or never end."""
    for pointer, text in _texts(value, where=where):
        hidden = next((letter for letter in text if _unseen(letter)), None)
        if hidden is not None:
            yield f"{pointer}: holds U+{ord(hidden):04X}, which nobody sees"
        if len(text) > LONGEST_TEXT and not pointer.startswith("/policies/"):
            yield f"{pointer}: has {len(text)} characters, expected {LONGEST_TEXT} at most"
            continue
        found = _POISON.search(unicodedata.normalize("NFKC", text))
        if found:
            yield f"{pointer}: '{found[0][:60]}' is an instruction to the model"
        if _CREDENTIALS.search(text):
            yield f"{pointer}: holds an address with a credential"


def _length_warnings(value: JsonValue, *, where: str) -> Iterator[str]:
    for pointer, text in _texts(value, where=where):
        if len(text) > LONG_TEXT and not pointer.startswith("/policies/"):
            yield f"{pointer}: has {len(text)} characters; every prompt carries them"


def _texts(value: JsonValue, *, where: str) -> Iterator[tuple[str, str]]:
    """Yield every text of a document with where it stands, names of members included."""
    waiting = [(where, value)]
    while waiting:
        pointer, item = waiting.pop()
        if isinstance(item, str):
            yield pointer, item
        elif isinstance(item, dict):
            for name, inner in item.items():
                yield f"{pointer} (a name)", name
                waiting.append((f"{pointer}/{name[:40]}", inner))
        elif isinstance(item, list | tuple):
            waiting.extend((f"{pointer}/{at}", inner) for at, inner in enumerate(item))


def _unseen(letter: str) -> bool:
    return letter not in _SPACE and unicodedata.category(letter) in {
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Cn",
        "Zl",
        "Zp",
    }


def _capability_warnings(plugin: Plugin) -> Iterator[str]:
    capabilities = plugin.capabilities
    if "*" in "".join(capabilities.hosts):
        yield f"capabilities: hosts {', '.join(capabilities.hosts)} are not all known by name"
    if Capability.NETWORK in capabilities.uses and not capabilities.hosts:
        yield "capabilities: network without hosts reaches nothing"
    if capabilities.uses and not plugin.effects:
        yield "capabilities: it has no effects that could use them"


def _compile_problems(plugin: Plugin) -> Iterator[str]:
    """Yield what keeps the whole, or one of its environments, from being compiled."""
    try:
        CompiledRegistry.of(Registry.of(plugin.components, plugin.actions))
        for environment in plugin.environments:
            CompiledRegistry.of(_registry(plugin, environment))
    except DeclarationError as error:
        yield from (f"{error.subject}: {problem}" for problem in error.problems)
    except Exception as error:  # noqa: BLE001  # compilers over foreign declarations
        yield f"its declarations can't be compiled: {type(error).__name__}: {error}"


def _registry(plugin: Plugin, environment: Environment) -> Registry:
    wanted = set(environment.components)
    if missing := sorted(wanted - {item.id for item in plugin.components}):
        raise DeclarationError(
            subject=f"environment '{environment.id}'",
            problems=tuple(f"the plugin has no component '{name}'" for name in missing),
        )
    components = [item for item in plugin.components if not wanted or item.id in wanted]
    ids = {item.id for item in components}
    return Registry.of(components, [it for it in plugin.actions if set(it.targets) <= ids])
