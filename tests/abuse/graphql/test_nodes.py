"""No object is reached past its guard, whatever an id says it is (A5), and none by loaders (A6)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType

from runtime.domain.member import Member
from runtime.entrypoints.graphql.call import Call
from runtime.entrypoints.graphql.finding import OF_ORGANIZATION, OF_PROJECT
from runtime.entrypoints.graphql.schema import SCHEMA
from runtime.services.audit.access_refusals import AccessRefusals
from tests.abuse.graphql.read_pairs import NODES
from tests.graphql_site import GraphqlSite

ROOTS = {"Query", "Mutation", "Subscription", "ProjectContents"}
LOADED = {"member", "of", "execution", "refused"}
"""Fields of listed types that ask the database, all at once for all items."""
COMPUTED = {"global_id"}


def object_types() -> Iterator[GraphQLObjectType]:
    """Yield the types of the schema that are not the library's own."""
    for name, found in SCHEMA.type_map.items():
        if isinstance(found, GraphQLObjectType) and not name.startswith("__"):
            yield found


def test_every_type_of_node_has_a_guard_and_is_compared_with_rest() -> None:
    """A walk over the schema: a new type that `node` could return is noticed."""
    node = SCHEMA.get_type("Node")
    assert isinstance(node, GraphQLInterfaceType)
    types = {found.name for found in SCHEMA.get_possible_types(node)}
    guarded = {kind for kind, _ in (*OF_ORGANIZATION.values(), *OF_PROJECT.values())}
    compared = {operation.asked.split("... on ")[1].split(" ")[0] for operation in NODES}

    assert types == guarded == compared
    assert len(types) >= 10


def test_no_type_of_a_list_asks_for_each_of_its_items() -> None:
    """What is nested is loaded for all at once, so no list makes one question an item."""
    asking = {
        f"{found.name}.{field.graphql_name or field.python_name}"
        for found in object_types()
        if found.name not in ROOTS
        for field in found.extensions["strawberry-definition"].fields
        if field.base_resolver is not None and field.python_name not in LOADED | COMPUTED
    }

    assert asking == set()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("/", id="only a separator"),
        pytest.param("{member}", id="a member of another tenant"),
        pytest.param("tok_01KDVDNA000000000000000000", id="a kind that is no node"),
        pytest.param("{project}/{member}", id="a member said to be of a project"),
        pytest.param("{project}/{project}", id="a project in itself"),
        pytest.param("{outcome}", id="an outcome of no project"),
        pytest.param("{project}/{project}/{outcome}", id="too many parts"),
        pytest.param("{project}/../{outcome}", id="a way around"),
        pytest.param("out_x/{outcome}", id="in something that is no project"),
        pytest.param("evil" * 1_000, id="long"),
    ],
)
async def test_an_id_that_lies_finds_nothing(site: GraphqlSite, text: str) -> None:
    """Neither its kind nor its place is believed."""
    who, stranger = await site.real.found(), await site.real.found()
    project = await site.project(who)
    query = f'{{ project(id: "{project}") {{ outcomes {{ nodes {{ id }} }} }} }}'
    data = await site.got(query, token=who.token)
    outcome = data["project"]["outcomes"]["nodes"][0]["id"]
    asked = text.format(member=stranger.member, project=project, outcome=outcome)

    told = await site.ask(
        "query($id: ID!) { node(id: $id) { id } }", {"id": asked}, token=who.token
    )

    assert told.codes == ["not_found"]
    assert told.data == {"node": None}


async def test_requests_at_once_share_nothing_that_was_loaded(site: GraphqlSite) -> None:
    """Two tenants that ask for each other's members in one moment see their own alone."""
    one, two = await site.real.found(), await site.real.found()
    query = "query($id: ID!) { member(id: $id) { id } members { nodes { id } } }"

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(site.ask(query, {"id": other.member}, token=who.token))
            for who, other in [(one, two), (two, one)] * 10
        ]

    for number, task in enumerate(tasks):
        told, own = task.result(), (one, two)[number % 2]
        assert told.data["member"] is None
        assert [item["id"] for item in told.data["members"]["nodes"]] == [own.member]


async def test_a_request_has_loaders_of_its_own(site: GraphqlSite) -> None:
    """What one loaded is asked for again by the next, whose rights may be others."""
    services = site.real.app.state.services
    assert isinstance(services.access_refusals, AccessRefusals)
    who = await site.real.found()
    caller = await services.authentication.caller_of(who.token)
    first = Call(services=services, caller=caller, credential=who.token)
    second = Call(services=services, caller=caller, credential=who.token)

    loading = first.members.get(first.place(who.member))
    assert isinstance(loading, asyncio.Future)
    await loading

    assert isinstance(first.members.get(first.place(who.member)), Member)
    assert isinstance(second.members.get(second.place(who.member)), asyncio.Future)
    assert first.place(who.member).organization_id == who.organization
