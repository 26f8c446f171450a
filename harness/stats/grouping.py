"""Name what can't be told apart instead of ranking it: a compact letter display.

Pure logic; `harness.comparison` says which models differ, this says who stands together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence


def groups(names: Sequence[str], apart: Callable[[str, str], bool]) -> tuple[tuple[str, ...], ...]:
    """Return the largest sets of names of which no two are told apart.

    A name may stand in several: a like b and b like c does not make a like c. Two names share a
    group exactly if they are not told apart.

    Args:
        names: all of them once, best first.
        apart: whether two names differ; asked once a pair, the better one first.

    Returns:
        groups ordered by their best member, then the next; members in the order of the names.

    Raises:
        ValueError: a name twice.

    Source: H.-P. Piepho, "An Algorithm for a Letter-Based Representation of All-Pairwise
    Comparisons", Journal of Computational and Graphical Statistics 13 (2004), 456-466; the sets are
    found as in C. Bron and J. Kerbosch, "Finding All Cliques of an Undirected Graph" (1973).

    >>> groups(["a", "b", "c"], lambda better, worse: (better, worse) == ("a", "c"))
    (('a', 'b'), ('b', 'c'))
    """
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"{', '.join(twice)} stands twice among the names, expected each once")
    alike: dict[int, frozenset[int]] = _alike(names, apart)
    found = sorted(
        tuple(sorted(group))
        for group in _cliques(frozenset(), frozenset(alike), frozenset(), alike=alike)
        if group
    )
    return tuple(tuple(names[at] for at in group) for group in found)


def _alike(names: Sequence[str], apart: Callable[[str, str], bool]) -> dict[int, frozenset[int]]:
    """Return for each place the places of the names that are not told apart from it."""
    alike: dict[int, set[int]] = {at: set() for at in range(len(names))}
    for better, name in enumerate(names):
        for worse in range(better + 1, len(names)):
            if not apart(name, names[worse]):
                alike[better].add(worse)
                alike[worse].add(better)
    return {at: frozenset(others) for at, others in alike.items()}


def _cliques(
    group: frozenset[int],
    open_: frozenset[int],
    done: frozenset[int],
    *,
    alike: dict[int, frozenset[int]],
) -> Iterator[frozenset[int]]:
    """Yield the sets that hold the group, can't grow, and hold none that is done."""
    if not open_ and not done:
        yield group
        return
    # Whoever is like the best connected one comes in with it, or with someone who isn't.
    pivot = max(sorted(open_ | done), key=lambda at: len(open_ & alike[at]))
    for at in sorted(open_ - alike[pivot]):
        yield from _cliques(group | {at}, open_ & alike[at], done & alike[at], alike=alike)
        open_, done = open_ - {at}, done | {at}
