"""Declarations are checked against each other, indexed and digested."""

import pytest

from runtime.domain.action import Action, Permission, Visibility
from runtime.domain.component import Component
from runtime.domain.errors import DeclarationError, UnknownActionError
from runtime.domain.registry import Registry
from tests.builders import a_component, an_action

BOX = a_component()


def test_a_name_means_the_latest_version() -> None:
    """Versions are compared as numbers, whatever the order of declaration."""
    versions = [an_action(id=f"box.put@{number}") for number in (10, 9, 1)]

    registry = Registry.of([BOX], versions)

    assert registry.action("box.put").version == 10
    assert registry.action("box.put@9").version == 9
    assert registry.find("box.put@2") is None


def test_an_unknown_action_names_the_closest() -> None:
    """A misspelt id is answered with what was probably meant."""
    registry = Registry.of([BOX], [an_action(), an_action(id="lid.open@1")])

    with pytest.raises(UnknownActionError, match=r"no action 'box\.pt' .* known: box\.put"):
        registry.action("box.pt")
    with pytest.raises(UnknownActionError, match=r"known: (box\.put, lid\.open|lid\.open, box)"):
        registry.action("zzz")


def test_developer_actions_and_old_versions_are_not_visible() -> None:
    """The model sees the newest version of what users may call, sorted."""
    hidden = Permission(visibility=Visibility.DEVELOPER)
    ids = ["lid.open@1", "box.put@1", "box.put@2"]
    actions = [an_action(id=name) for name in ids]

    registry = Registry.of([BOX], [*actions, an_action(id="box.burn@1", permission=hidden)])

    assert [action.id for action in registry.visible()] == ["box.put@2", "lid.open@1"]


def test_a_digest_does_not_depend_on_the_order_of_declaration() -> None:
    """The same declarations are the same registry; another title is another."""
    lid, put, add = a_component(id="lid"), an_action(), an_action(id="box.add@1")

    digest = Registry.of([BOX, lid], [put, add]).digest

    assert digest == Registry.of([lid, BOX], [add, put]).digest
    assert digest != Registry.of([BOX, lid], [put, an_action(id="box.add@1", title="x")]).digest


def test_a_new_project_starts_with_each_components_state() -> None:
    """The initial state has every component under its id."""
    registry = Registry.of([BOX, a_component(id="lid", initial_state={"value": 1})], [])

    assert registry.initial_state() == {"box": {"value": 0}, "lid": {"value": 1}}


@pytest.mark.parametrize(
    ("components", "actions", "problem"),
    [
        pytest.param([BOX, BOX], [], "component 'box' is declared twice", id="component twice"),
        pytest.param([a_component(id="Box")], [], "'Box' must be lower-case", id="component id"),
        pytest.param([a_component(id="box\n")], [], "must be lower-case", id="a line end in an id"),
        pytest.param(
            [BOX], [an_action(), an_action()], "'box.put@1' is declared twice", id="twice"
        ),
        pytest.param([BOX], [an_action(id="put@1")], "must look like noun.verb@1", id="no noun"),
        pytest.param([BOX], [an_action(id="box.put")], "must look like noun.verb@1", id="version"),
        pytest.param([BOX], [an_action(id="box.put@1\n")], "must look like", id="a line end"),
        pytest.param(
            [BOX],
            [an_action(targets=("box", "lid"))],
            "target 'lid' is not a component",
            id="target",
        ),
        pytest.param(
            [BOX], [an_action(may_change=("/lid",))], "'/lid' is not a JSON Pointer", id="path"
        ),
        pytest.param(
            [BOX],
            [an_action(may_change=("x/box",))],
            "'x/box' is not a JSON Pointer",
            id="no slash",
        ),
        pytest.param(
            [BOX], [an_action(may_change=("/box/~2",))], "'/box/~2' is not a JSON", id="escape"
        ),
        pytest.param([BOX], [an_action(may_change=("",))], "'' is not a JSON", id="everything"),
        pytest.param([BOX], [an_action(may_change=("/*",))], "'/*' is not a JSON", id="anything"),
        pytest.param([BOX], [an_action(cost=-1)], "cost -1 must not be negative", id="cost"),
        pytest.param([BOX], [an_action(tokens=-2)], "tokens -2 must not be negative", id="tokens"),
        pytest.param(
            [BOX], [an_action(money_micros=-3)], "money_micros -3 must not be negative", id="money"
        ),
        pytest.param(
            [BOX],
            [an_action(permission=Permission(approvals=-1))],
            "approvals -1 must not be negative",
            id="approvals",
        ),
        pytest.param(
            [BOX], [an_action(input_schema={})], "input_schema must have type object", id="inputs"
        ),
    ],
)
def test_a_declaration_that_can_not_work_is_refused(
    components: list[Component], actions: list[Action], problem: str
) -> None:
    """Whoever declares it learns everything that is wrong at once."""
    with pytest.raises(DeclarationError) as caught:
        Registry.of(components, actions)

    assert any(problem in found for found in caught.value.problems)
