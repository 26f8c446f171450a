"""Open a judge and put texts before it, for the commands of `plangate eval judge`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from io import StringIO
from types import ModuleType

from harness.bootstrap import ConfigurationError
from harness.judging.calibration import Calibration, Identity, calibration_of, padded
from harness.judging.exhibit import Exhibit, Opinion
from harness.judging.files import Matter
from harness.judging.labels import Label
from harness.models.keyword_judge import KeywordJudge
from runtime.public import (
    ChatModel,
    ModelError,
    ModelReference,
    ModelReferenceError,
    Patience,
    open_chat_model,
    parse_model_reference,
    quiet_environment,
)

KEYWORD_JUDGE = "keyword-judge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Hold an open judge.

    Attributes:
        reference: the judge's model, as it is called in files and reports.
        model: who answers.
        patience: how often a failed request is made again.
        scoring: `harness.scoring.judge`, which takes seconds to load.
        concurrency: texts in flight.
    """

    reference: str
    model: ChatModel
    patience: Patience
    scoring: ModuleType
    concurrency: int

    async def identity(self, matter: Matter) -> Identity:
        """Return which judge this is, today, by one rubric."""
        prompt_digest = await self.scoring.prompt_digest(matter.rubric)
        return Identity.of(
            self.reference, matter.rubric, matter.labels, prompt_digest=prompt_digest
        )

    async def hear(
        self, matter: Matter, exhibits: Iterable[Exhibit], *, repeats: int = 1
    ) -> Mapping[str, tuple[Opinion, ...]]:
        """Return by the digest of each text what the judge says, once for each repeat.

        Equal texts in equal settings are put before the judge once.
        """
        judge = self.scoring.Judge(model=self.model, rubric=matter.rubric, patience=self.patience)
        unique = {exhibit.digest: exhibit for exhibit in exhibits}
        asked = [exhibit for exhibit in unique.values() for _ in range(repeats)]
        told: Sequence[Opinion] = await judge.opinions(asked, concurrency=self.concurrency)
        return {
            name: tuple(told[at * repeats : (at + 1) * repeats]) for at, name in enumerate(unique)
        }

    async def calibrated(
        self, matter: Matter, *, repeats: int, created: str
    ) -> tuple[Calibration, tuple[Opinion, ...]]:
        """Put every labelled example before the judge; return the calibration and all answers."""
        examples = matter.labels.examples
        heard = await self.hear(matter, (it.exhibit for it in examples), repeats=repeats)
        bad = [item for item in examples if item.label is Label.BAD]
        packed = await self.hear(matter, (padded(it.exhibit) for it in bad))
        calibration = calibration_of(
            await self.identity(matter),
            matter.labels,
            matter.rubric,
            opinions={item.id: heard[item.exhibit.digest] for item in examples},
            padded_opinions={item.id: packed[padded(item.exhibit).digest][0] for item in bad},
            created=created,
        )
        answers = (*heard.values(), *packed.values())
        return calibration, tuple(opinion for opinions in answers for opinion in opinions)


@asynccontextmanager
async def open_bench(
    text: str, *, environ: Mapping[str, str], concurrency: int
) -> AsyncIterator[Bench]:
    """Open the judge that a model reference names, while the block runs.

    Raises:
        ConfigurationError: deepeval is missing, the reference can't be read, lacks its key, or
            asks for another temperature than 0.
    """
    scoring = judge_module()
    reference, model = _opened(text, environ)
    try:
        yield Bench(
            reference=reference.safe_text,
            model=model,
            patience=_patience(reference),
            scoring=scoring,
            concurrency=concurrency,
        )
    finally:
        await model.close()


def judge_module() -> ModuleType:
    """Load what needs deepeval, kept from calling home and from printing.

    Raises:
        ConfigurationError: deepeval is not installed.
    """
    if find_spec("deepeval") is None:
        raise ConfigurationError("judging needs deepeval: pip install plangate[eval]")
    quiet_environment()
    with redirect_stdout(StringIO()):  # deepeval greets on import, and --json owns the output
        return import_module("harness.scoring.judge")


def _opened(text: str, environ: Mapping[str, str]) -> tuple[ModelReference, ChatModel]:
    try:
        reference = _checked(text)
        providers = {KEYWORD_JUDGE: KeywordJudge()}
        return reference, open_chat_model(text, environ=environ, offline_providers=providers)
    except (ModelReferenceError, ModelError, ValueError) as error:
        named = text.partition("?")[0]
        raise ConfigurationError(f"judge '{named}': {error}") from None


def _checked(text: str) -> ModelReference:
    reference = parse_model_reference(text)
    if reference.offline and reference.options:
        raise ValueError(f"{reference.model} takes no options")
    if reference.settings.temperature:
        raise ValueError("a judge answers at temperature 0: leave the option out")
    return reference


def _patience(reference: ModelReference) -> Patience:
    retries = reference.settings.retries
    return Patience() if retries is None else Patience(retries=retries)
