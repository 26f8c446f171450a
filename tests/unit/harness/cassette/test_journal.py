"""A run asks for nothing twice, whatever killed it, and knows what it may have been charged."""

from __future__ import annotations

import asyncio
import resource
import signal
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest
from typing_extensions import override

from harness.budget import NOTHING, Allowance, Budget, BudgetExhausted, Spend, worst_case
from harness.cassette.channel import TrialModel
from harness.cassette.journal import CALLS, Journal
from harness.cassette.player import Player
from harness.results import RunError
from runtime.public import (
    ChatModel,
    ChatRequest,
    Completion,
    ModelError,
    ModelFault,
    Price,
    TokenUsage,
    parse_model_reference,
)
from tests.models.scripted import Answer, ScriptedModel, saying
from tests.unit.harness.cassette.builders import (
    MODEL,
    Ticking,
    a_call_of,
    a_key,
    a_request,
    a_shelf,
)

PRICE: Final = Price(prompt=Decimal(1), completion=Decimal(2))
REPAIR: Final = a_request("repair")
WORST: Final = worst_case(a_request(), PRICE)
DOWN: Final = ModelError(ModelFault.SERVER, model=MODEL, detail="down")
BUSY: Final = ModelError(ModelFault.RATE_LIMITED, model=MODEL, detail="busy")


def an_allowance(budget: Budget | None = None) -> Allowance:
    """Let the scripted model draw on a budget."""
    budget = budget or Budget(max_cost_micros=10**9)
    return Allowance(budget=budget, reference=parse_model_reference(MODEL), pricing=PRICE)


def opened(
    journal: Journal,
    model: ChatModel,
    *,
    clock: Ticking | None = None,
    allowance: Allowance | None = None,
    recorded: Player | None = None,
) -> TrialModel:
    """Open the builders' trial."""
    return journal.for_trial(
        a_key(),
        model,
        monotonic_s=(clock or Ticking()).monotonic_s,
        allowance=allowance,
        recorded=recorded,
    )


async def said(journal: Journal, *requests: ChatRequest, answers: tuple[Answer, ...]) -> list[str]:
    """Ask a scripted model in one trial; every answer has to be used."""
    model = ScriptedModel.of(*answers)
    trial = opened(journal, model).model
    texts = [(await trial.complete(request)).text for request in requests]
    assert not model.answers
    return texts


async def test_an_answered_call_is_never_asked_again(tmp_path: Path) -> None:
    """A trial that was cut off goes on where it was."""
    with Journal.open(tmp_path) as journal:
        assert await said(journal, a_request(), answers=(saying("one"),)) == ["one"]
        assert await said(journal, a_request(), answers=()) == ["one"]

    with Journal.open(tmp_path) as journal:
        assert await said(journal, a_request(), REPAIR, answers=(saying("two"),)) == ["one", "two"]
        assert [call.position for call in journal.calls()] == [0, 1]


async def test_another_request_at_the_same_place_is_asked(tmp_path: Path) -> None:
    """What was answered is what was asked; both were paid for, the later one counts."""
    with Journal.open(tmp_path) as journal:
        await said(journal, a_request(), answers=(saying("one"),))
        assert await said(journal, REPAIR, answers=(saying("two"),)) == ["two"]
        assert [call.completion.text for call in journal.calls()] == ["two"]
        assert journal.spent() == Spend(tokens=26, cost_micros=20)


async def test_a_secret_reaches_neither_the_trial_nor_the_disk(tmp_path: Path) -> None:
    """Live, resumed and replayed trials see the same answer."""
    key = "sk-" + "a1B2" * 6
    with Journal.open(tmp_path) as journal:
        assert await said(journal, a_request(), answers=(saying(key),)) == ["[redacted]"]

    assert key.encode() not in (tmp_path / CALLS).read_bytes()


@pytest.mark.parametrize("kept", [1, 40, -1], ids=["one byte", "some", "all but the newline"])
async def test_a_line_that_was_cut_off_is_taken_back(tmp_path: Path, kept: int) -> None:
    """Its call is made again, and what follows is readable."""
    with Journal.open(tmp_path) as journal:
        await said(journal, a_request(), REPAIR, answers=(saying("one"), saying("two")))
    first, second, _ = (tmp_path / CALLS).read_bytes().split(b"\n")
    (tmp_path / CALLS).write_bytes(first + b"\n" + (second + b"\n")[:kept])

    with Journal.open(tmp_path) as journal:
        assert await said(journal, a_request(), REPAIR, answers=(saying("new"),)) == ["one", "new"]
    with Journal.open(tmp_path) as journal:
        assert [call.completion.text for call in journal.calls()] == ["one", "new"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        pytest.param(b"x", "no JSON", id="no JSON"),
        pytest.param(b'{"journal":1}', "neither call, reserve nor settle", id="says nothing"),
        pytest.param(b'{"journal":9}', "use the version of plangate", id="a newer program's"),
    ],
)
def test_a_damaged_line_is_refused_with_its_number(
    tmp_path: Path, line: bytes, problem: str
) -> None:
    """Nothing is guessed about what was paid, and the file is not left locked."""
    (tmp_path / CALLS).write_bytes(b'{"journal":1,"reserve":0,"worst":[1,2]}\n' + line + b"\n")

    for _ in range(2):
        with pytest.raises(RunError, match=rf"calls\.jsonl:2: .*{problem}"):
            Journal.open(tmp_path)


def test_two_processes_never_write_one_journal(tmp_path: Path) -> None:
    """The second is told, and may have it once the first is done."""
    with Journal.open(tmp_path), pytest.raises(RunError, match="written by another process"):
        Journal.open(tmp_path)

    Journal.open(tmp_path).close()


def test_a_journal_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    """A folder in its place."""
    (tmp_path / CALLS).mkdir()

    with pytest.raises(RunError, match=r"calls\.jsonl can't be opened: Is a directory"):
        Journal.open(tmp_path)


async def test_the_latency_of_a_call_has_its_retries_but_not_the_wait_for_the_budget(
    tmp_path: Path,
) -> None:
    """A person waits for the provider; the budget is the run's."""
    clock, budget = Ticking(), Budget(max_tokens=WORST.tokens)
    held = await budget.reserve(WORST)

    class Slow(ScriptedModel):
        @override
        async def complete(self, request: ChatRequest) -> Completion:
            clock.now_s += 1.0
            return await super().complete(request)

    with Journal.open(tmp_path) as journal:
        trial = opened(
            journal,
            Slow.of(BUSY, saying("late")),
            clock=clock,
            allowance=an_allowance(budget),
        )
        first = asyncio.create_task(trial.model.complete(a_request()))
        await asyncio.sleep(0)
        clock.now_s += 100.0
        budget.settle(held, NOTHING)
        with pytest.raises(ModelError):
            await first
        clock.now_s += 0.5  # the wait before the retry
        await trial.model.complete(a_request())

        assert trial.monotonic_s() == 2.5
        assert journal.calls()[0].latency_s == 2.5


@pytest.mark.parametrize(
    ("answer", "spent"),
    [
        pytest.param(saying("x"), Spend(tokens=13, cost_micros=16), id="an answer"),
        pytest.param(DOWN, WORST, id="a server's error may have been charged"),
        pytest.param(BUSY, NOTHING, id="a refusal is free"),
        pytest.param(replace(saying("x"), usage=TokenUsage()), WORST, id="an answer without usage"),
    ],
)
async def test_what_a_call_used_is_settled_and_found_again(
    tmp_path: Path, answer: Answer, spent: Spend
) -> None:
    """The budget of a resumed run begins where the first one ended."""
    allowance = an_allowance()
    with Journal.open(tmp_path) as journal:
        trial = opened(journal, ScriptedModel.of(answer), allowance=allowance)
        try:
            await trial.model.complete(a_request())
        except ModelError:
            assert isinstance(answer, ModelError)
        assert journal.spent() == spent

    assert (allowance.budget.spent, allowance.budget.reserved) == (spent, NOTHING)
    with Journal.open(tmp_path) as journal:
        assert journal.spent() == spent


async def test_a_cancelled_call_counts_as_its_worst_case(tmp_path: Path) -> None:
    """It was on its way; nobody knows what the provider charges."""
    asked = asyncio.Event()

    class Endless(ScriptedModel):
        @override
        async def complete(self, request: ChatRequest) -> Completion:
            asked.set()
            await asyncio.Event().wait()
            raise AssertionError

    model, allowance = Endless.of(), an_allowance()
    with Journal.open(tmp_path) as journal:
        task = asyncio.create_task(
            opened(journal, model, allowance=allowance).model.complete(a_request())
        )
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert journal.spent() == WORST
    assert (allowance.budget.spent, allowance.budget.reserved) == (WORST, NOTHING)


async def test_without_room_nothing_is_asked_and_nothing_is_spent(tmp_path: Path) -> None:
    """The cap is kept before the call, not after it."""
    allowance = an_allowance(Budget(max_cost_micros=WORST.cost_micros - 1))
    with Journal.open(tmp_path) as journal:
        trial = opened(journal, ScriptedModel.of(), allowance=allowance)
        with pytest.raises(BudgetExhausted):
            await trial.model.complete(a_request())

        assert journal.spent() == NOTHING


async def test_calls_without_a_budget_are_priced_when_one_comes(tmp_path: Path) -> None:
    """Resuming with a cap counts what was spent before, also where nobody said the price."""
    answers = (saying("a"), saying("b", cost_micros=None))
    with Journal.open(tmp_path) as journal:
        await said(journal, a_request(), REPAIR, answers=answers)

        assert journal.spent({MODEL: PRICE}) == Spend(tokens=26, cost_micros=10 + 16)
        assert journal.spent() == Spend(tokens=26, cost_micros=10)


async def test_a_given_price_is_the_cost_of_a_call_that_came_without(tmp_path: Path) -> None:
    """Reports show what the budget counted."""
    with Journal.open(tmp_path) as journal:
        model = ScriptedModel.of(saying("x", cost_micros=None))
        completion = await opened(journal, model, allowance=an_allowance()).model.complete(
            a_request()
        )

    assert completion.cost_micros == 16


async def test_only_what_no_cassette_holds_is_asked(tmp_path: Path) -> None:
    """Recording what is missing leaves a whole recording in the journal, and pays for its part."""
    shelf = a_shelf(tmp_path / "shelf", a_call_of(completion=saying("kept"), latency_s=0.25))
    player, model = Player(shelf, MODEL), ScriptedModel.of(saying("fresh"))
    with Journal.open(tmp_path / "run") as journal:
        trial = opened(journal, model, allowance=an_allowance(), recorded=player)
        texts = [(await trial.model.complete(item)).text for item in (a_request(), REPAIR)]

        assert texts == ["kept", "fresh"]
        assert trial.monotonic_s() == 0.25
        assert [(call.position, call.completion.text) for call in journal.calls()] == [
            (0, "kept"),
            (1, "fresh"),
        ]
        assert journal.spent() == Spend(tokens=13, cost_micros=16)


async def test_a_recorded_call_is_kept_at_the_place_where_it_was_asked_for(tmp_path: Path) -> None:
    """A trial that skips a repair today makes a recording without a gap."""
    shelf = a_shelf(tmp_path / "shelf", a_call_of(), a_call_of(REPAIR, position=1))
    with Journal.open(tmp_path / "run") as journal:
        trial = opened(journal, ScriptedModel.of(), recorded=Player(shelf, MODEL))
        await trial.model.complete(REPAIR)

        assert [call.position for call in journal.calls()] == [0]


async def test_a_full_disk_is_told_and_the_budget_stays_right(tmp_path: Path) -> None:
    """Half a line is taken back, and the paid call is not forgotten by the budget."""
    allowance = an_allowance()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with Journal.open(tmp_path) as journal:
        trial = opened(journal, ScriptedModel.of(saying("x")), allowance=allowance)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
        try:
            with pytest.raises(RunError, match=r"make room and go on with .*--resume"):
                await trial.model.complete(a_request())
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

        assert allowance.budget.spent == Spend(tokens=13, cost_micros=16)
        assert allowance.budget.reserved == NOTHING
        assert await said(journal, a_request(), answers=(saying("again"),)) == ["again"]

    with Journal.open(tmp_path) as journal:
        assert [call.completion.text for call in journal.calls()] == ["again"]
        assert journal.spent().tokens == WORST.tokens + 13


async def test_a_disk_that_is_full_before_the_call_costs_nothing(tmp_path: Path) -> None:
    """What can't be written down is not asked."""
    allowance, model = an_allowance(), ScriptedModel.of()
    journal = Journal.open(tmp_path)
    journal.close()

    with pytest.raises(RunError, match="Bad file descriptor"):
        await opened(journal, model, allowance=allowance).model.complete(a_request())

    assert (allowance.budget.spent, allowance.budget.reserved) == (NOTHING, NOTHING)
    assert model.requests == []


KILLED_IN_FLIGHT: Final = """
import asyncio, os, signal, sys
from pathlib import Path
from harness.cassette.journal import Journal
from tests.models.scripted import ScriptedModel, saying
from tests.unit.harness.cassette.builders import a_request
from tests.unit.harness.cassette.test_journal import an_allowance, opened
class Killer(ScriptedModel):
    async def complete(self, request):
        if not self.answers:
            os.kill(os.getpid(), signal.SIGKILL)
        return await super().complete(request)
async def main():
    journal = Journal.open(Path(sys.argv[1]))
    trial = opened(journal, Killer.of(saying("one")), allowance=an_allowance())
    for message in ("Set it to 3.", "repair"):
        await trial.model.complete(a_request(message))
asyncio.run(main())
"""


async def test_a_killed_run_knows_its_finished_calls_and_what_was_in_flight(
    tmp_path: Path,
) -> None:
    """Kill -9 during the second call: the first is not asked again, the second is charged."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED_IN_FLIGHT, str(tmp_path), stderr=subprocess.PIPE
    )
    _, told = await child.communicate()

    assert child.returncode == -signal.SIGKILL, told.decode()
    with Journal.open(tmp_path) as journal:
        in_flight = worst_case(REPAIR, PRICE)
        assert journal.spent() == Spend(tokens=13, cost_micros=16).plus(in_flight)
        assert await said(journal, a_request(), REPAIR, answers=(saying("two"),)) == ["one", "two"]
