"""Hold the tree to the house rules, and each rule to its samples."""

import pytest

from tests.architecture.samples import HOUSE_RULES, HouseRule
from tests.architecture.tree import python_files

EACH_RULE = pytest.mark.parametrize(
    "house",
    [pytest.param(house, id=f"{n}: {house.title}") for n, house in enumerate(HOUSE_RULES)],
)


@EACH_RULE
def test_the_tree_obeys(house: HouseRule) -> None:
    """No file of the rule's folders gives cause for complaint."""
    complaints = [text for file in python_files(*house.folders) for text in house.rule(file)]

    assert not complaints, "\n".join(complaints)


@EACH_RULE
def test_a_bad_sample_is_caught(house: HouseRule) -> None:
    """A rule that can't fail proves nothing: its bad sample must be named."""
    complaints = list(house.rule(house.bad))

    assert complaints
    assert str(house.bad.path) in complaints[0]


@EACH_RULE
def test_a_good_sample_passes(house: HouseRule) -> None:
    """A file at the very edge of what is allowed is left alone."""
    assert list(house.rule(house.good)) == []
