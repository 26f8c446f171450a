"""Say what every object with an id shares, and how ids of all kinds are told apart."""

from __future__ import annotations

from typing import Final

import strawberry

from runtime.entrypoints.graphql.fields import field

SEPARATOR: Final = "/"


@strawberry.interface(description="Something with an id, which `node` finds again.")
class Node:
    """Name an object.

    Attributes:
        id: as in REST.
    """

    id: strawberry.ID
    within: strawberry.Private[str]

    @field(description="What `node` takes: the id, behind the project's where the thing is of one.")
    def global_id(self) -> strawberry.ID:
        """Return the id that needs no project beside it."""
        return strawberry.ID(global_id(self.id, project_id=self.within))


def global_id(item_id: str, *, project_id: str = "") -> str:
    """Return an id that needs no project beside it.

    >>> global_id("out_1", project_id="prj_2")
    'prj_2/out_1'
    """
    return f"{project_id}{SEPARATOR}{item_id}" if project_id else item_id


def parts_of(text: str) -> tuple[str, str, str]:
    """Return the prefix of a global id, its project (or an empty text), and the id.

    >>> parts_of("prj_2/out_1"), parts_of("mem_3")
    (('out', 'prj_2', 'out_1'), ('mem', '', 'mem_3'))
    """
    project_id, _, item_id = text.rpartition(SEPARATOR)
    return item_id.partition("_")[0], project_id, item_id
