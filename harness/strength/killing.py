"""Ask the real scorers about every mutant of a suite, and count what they let pass.

No model is asked: a mutant becomes the answer of a trial, and the trial must fail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from harness.matrix import TrialJob
from harness.prepared import PreparedScenario
from harness.replay import judged
from harness.scenario import Scenario
from harness.strength.answers import SPOKEN_MUTATIONS, right_answer
from harness.strength.licence import licence
from harness.strength.material import Larder, Material
from harness.strength.mutant import Fate, Mutant
from harness.strength.mutants import PLAN_MUTATIONS, Mutation
from harness.trial import TrialKey, TrialRecord
from runtime.public import Clarification, PlanProposal, Proposal, Proposed, TokenUsage, digest

MUTATIONS: Mapping[str, Mutation] = MappingProxyType({**PLAN_MUTATIONS, **SPOKEN_MUTATIONS})
"""Every mutation by name; each sees every scenario and makes nothing where it makes no sense."""

GOLDEN = "golden_answer"
"""The name under which a right answer that fails is reported: such a scenario kills everything."""

_NAME = "mutant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Say what became of one mutant.

    Attributes:
        mutation: which kind it is.
        text: the mutant in one line.
        fate: whether the suite noticed it.
        why: what allows it, or what is wrong.
    """

    mutation: str
    text: str
    fate: Fate
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioStrength:
    """Hold what became of the mutants of one scenario."""

    scenario: Scenario
    mutants: tuple[Judged, ...]

    def counted(self, fate: Fate) -> int:
        """Count the mutants of one fate."""
        return sum(item.fate is fate for item in self.mutants)

    @property
    def survivors(self) -> tuple[Judged, ...]:
        """Return what slipped through."""
        return tuple(item for item in self.mutants if item.fate is Fate.SURVIVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteStrength:
    """Hold what became of the mutants of a suite."""

    scenarios: tuple[ScenarioStrength, ...]

    def counts(self) -> Counter[tuple[str, str, Fate]]:
        """Count mutants by environment, mutation and fate."""
        return Counter(
            (item.scenario.environment, mutant.mutation, mutant.fate)
            for item in self.scenarios
            for mutant in item.mutants
        )

    @property
    def killed(self) -> int:
        """Count the mutants that fail, as they should."""
        return sum(item.counted(Fate.KILLED) for item in self.scenarios)

    @property
    def survived(self) -> int:
        """Count the mutants that pass though nothing allows them."""
        return sum(item.counted(Fate.SURVIVED) for item in self.scenarios)

    @property
    def share(self) -> float:
        """Return killed / (killed + survived); 0 without any mutant, which proves nothing."""
        counted = self.killed + self.survived
        return self.killed / counted if counted else 0.0


def suite_strength(scenarios: Iterable[PreparedScenario]) -> SuiteStrength:
    """Mutate the answers of every scenario and judge each mutant."""
    larder = Larder()
    return SuiteStrength(scenarios=tuple(scenario_strength(item, larder) for item in scenarios))


def scenario_strength(prepared: PreparedScenario, larder: Larder) -> ScenarioStrength:
    """Mutate the answer of one scenario in every way and judge each mutant."""
    material = Material.of(prepared, larder.calls(prepared.sandbox))
    return ScenarioStrength(scenario=prepared.scenario, mutants=tuple(_all_judged(material)))


def _all_judged(material: Material) -> Iterator[Judged]:
    right = right_answer(material)
    if right is not None:
        record = _trial(material.prepared, right)
        if not record.passed:
            text = "the right answer itself fails"
            yield Judged(mutation=GOLDEN, text=text, fate=Fate.SURVIVED, why=_reasons(record))
            return
    seen = {_identity(material, right)} if right is not None else set[str]()
    for name, mutation in MUTATIONS.items():
        for mutant in mutation(material):
            identity = _identity(material, mutant.proposal)
            if identity not in seen:
                seen.add(identity)
                yield _judged(material, mutant, mutation=name)


def _identity(material: Material, proposal: Proposal) -> str:
    """Return what is equal for equal answers: for plans, their digest with defaults filled in."""
    prepared = material.prepared
    if isinstance(proposal, PlanProposal):
        return prepared.sandbox.digest(proposal.plan, prepared.situation)
    return digest(proposal.model_dump(mode="json"))


def _judged(material: Material, mutant: Mutant, *, mutation: str) -> Judged:
    proposal = mutant.proposal
    if isinstance(proposal, PlanProposal) and not all(map(material.fits, proposal.plan.steps)):
        return Judged(mutation=mutation, text=mutant.text, fate=Fate.STILLBORN)
    record = _trial(material.prepared, proposal)
    fate, why = _fate(material.prepared, proposal, record)
    return Judged(mutation=mutation, text=mutant.text, fate=fate, why=why)


def _fate(prepared: PreparedScenario, proposal: Proposal, record: TrialRecord) -> tuple[Fate, str]:
    crashed = [name for name, score in record.scores.items() if score.get("error")]
    if crashed:
        return Fate.SURVIVED, f"a scorer crashed: {', '.join(crashed)}"
    if not record.passed:
        return Fate.KILLED, ""
    if isinstance(proposal, PlanProposal):
        final = prepared.judged(proposal.plan).state
        declared = licence(prepared, proposal.plan, final)
        if declared:
            return Fate.DECLARED, ", ".join(sorted(declared))
    return Fate.SURVIVED, _credited(prepared, proposal)


def _credited(prepared: PreparedScenario, proposal: Proposal) -> str:
    """Say which words of the scenario's slots stand in a question that should not pass."""
    expected = prepared.scenario.expect.clarification
    if expected is None or not isinstance(proposal, Clarification):
        return ""
    asked = proposal.question.casefold()
    words = (word for slot in expected.asks_for for word in slot.words if word.casefold() in asked)
    listed = ", ".join(f"'{word}'" for word in dict.fromkeys(words))
    return f"it has the slot's {listed}" if listed else ""


def _trial(prepared: PreparedScenario, proposal: Proposal) -> TrialRecord:
    key = TrialKey(scenario=prepared.scenario.id, model=_NAME, index=0)
    answer = Proposed(
        proposal=proposal,
        problems=(),
        dropped=(),
        calls=1,
        repairs=0,
        retries=0,
        usage=TokenUsage(),
        cost_micros=0,
        model=_NAME,
        latency_s=0.0,
        answer="",
    )
    return judged(prepared, answer, TrialJob(key=key, seed=0))


def _reasons(record: TrialRecord) -> str:
    found = (score.get("reason") for score in record.scores.values() if score["passed"] is False)
    return "; ".join(filter(None, found))
