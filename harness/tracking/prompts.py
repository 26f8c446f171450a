"""Keep the prompts of a run in MLflow's prompt registry, one prompt an environment.

A version is registered only when its text is new, so the versions tell how the prompt changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlflow import MlflowClient
from mlflow.entities.model_registry import PromptVersion

from harness.results import Manifest
from harness.sandboxes import world_beside
from harness.tracking.tags import DIGEST_TAG
from harness.yaml_source import SourceError, read_yaml
from runtime.public import DeclarationError, RulesDesk, Sandbox, digest_bytes

DECLARED: Final = "*.environment.yaml"
VERSIONS_READ: Final = 100
_DATA: Final = "\n\nState (data)\n{{state}}\n\nFacts (data)\n{{facts}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptText:
    """Hold the system text of one environment, with places for state and facts."""

    environment: str
    template: str

    @property
    def name(self) -> str:
        """Return the prompt's name in the registry."""
        return f"plangate.{self.environment}"

    @property
    def digest(self) -> str:
        """Return the digest of the text."""
        return digest_bytes(self.template.encode())


def prompts_of(manifest: Manifest) -> tuple[PromptText, ...]:
    """Write the prompts of a run anew, as the environment's own principal sees them.

    An environment that is gone, or whose prompt is no longer the one that the run used, is left
    out: a registry that tells another text than the model saw would be worse than none.
    """
    found = []
    for environment, parts in sorted(manifest.comparability.items()):
        sandbox = _sandbox(manifest, environment)
        if sandbox is not None and sandbox.comparability["prompt"] == parts.get("prompt"):
            text = sandbox.briefing(sandbox.environment.principal).text
            found.append(PromptText(environment=environment, template=text + _DATA))
    return tuple(found)


def registered(client: MlflowClient, text: PromptText) -> PromptVersion:
    """Return the registry's version of a prompt; make one when it has none of this digest."""
    if client.get_prompt(text.name) is not None:
        found: PromptVersion
        for found in client.search_prompt_versions(text.name, max_results=VERSIONS_READ):
            if found.tags.get(DIGEST_TAG) == text.digest:
                return found
    made: PromptVersion = client.register_prompt(
        name=text.name,
        template=text.template,
        commit_message=f"System text of environment {text.environment}",
        tags={DIGEST_TAG: text.digest},
    )
    return made


def _sandbox(manifest: Manifest, environment: str) -> Sandbox | None:
    try:
        return Sandbox.named(environment)
    except DeclarationError:
        return _beside(manifest, environment)


def _beside(manifest: Manifest, environment: str) -> Sandbox | None:
    """Look for a declaration beside the scenarios."""
    folders = {
        Path(item.file).parent for item in manifest.scenarios if item.environment == environment
    }
    for path in sorted(path for folder in folders for path in folder.glob(DECLARED)):
        try:
            source = read_yaml(path, shown_as=path.as_posix())
            if source.content.get("id") == environment:
                world = world_beside(source, RulesDesk())
                return Sandbox.of(world.plugin, world.environment, rules=world.rules)
        except (SourceError, DeclarationError, AttributeError):
            continue
    return None
