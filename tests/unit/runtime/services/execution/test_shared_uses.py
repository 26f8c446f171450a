"""What is remembered of budgets is never more than is used, and never grows without end."""

from __future__ import annotations

from runtime.domain.shared_use import SharedUse
from runtime.services.execution.shared_uses import SharedUses

A, B, C = ("a", "2026-01"), ("b", "2026-01"), ("c", "2026-01")


def test_nothing_is_remembered_of_who_never_counted() -> None:
    """Which counts as nothing used."""
    assert SharedUses().remembered("org").of(A) == 0


def test_of_two_figures_the_larger_is_the_newer() -> None:
    """Commits may be told of in another order than they took."""
    uses = SharedUses()

    uses.counted("org", {A: 5})
    uses.counted("org", {A: 3, B: 1})

    assert [uses.remembered("org").of(counter) for counter in (A, B)] == [5, 1]


def test_what_storage_says_holds() -> None:
    """Even where it is less, as after a backup was put back."""
    uses = SharedUses()
    uses.counted("org", {A: 5})

    uses.read("org", SharedUse(known={A: 2, B: 7}))

    assert [uses.remembered("org").of(counter) for counter in (A, B)] == [2, 7]


def test_what_one_commit_counted_is_learned_once() -> None:
    """However many wrote in it, and tell of it; storage may have been asked since."""
    uses = SharedUses()
    told = {A: 5}
    uses.counted("org", told)
    uses.read("org", SharedUse(known={A: 2}))

    uses.counted("org", told)

    assert uses.remembered("org").of(A) == 2


def test_organizations_are_remembered_apart() -> None:
    """One does not see what another used."""
    uses = SharedUses()
    uses.counted("org", {A: 5})

    uses.counted("other", {A: 1})

    assert uses.remembered("org").of(A) == 5
    assert uses.remembered("other").of(A) == 1


def test_the_counters_that_were_not_used_for_longest_are_forgotten() -> None:
    """A number of an organization is kept."""
    uses = SharedUses(counters=2)
    uses.counted("org", {A: 1, B: 2})
    uses.counted("org", {A: 3})

    uses.counted("org", {C: 4})

    assert [uses.remembered("org").of(counter) for counter in (A, B, C)] == [3, 0, 4]


def test_the_organizations_that_were_not_used_for_longest_are_forgotten() -> None:
    """A number of them is kept."""
    uses = SharedUses(organizations=2)
    for organization in ("one", "two", "one", "three"):
        uses.counted(organization, {A: 1})

    found = {name: uses.remembered(name).of(A) for name in ("one", "two", "three")}

    assert found == {"one": 1, "two": 0, "three": 1}
