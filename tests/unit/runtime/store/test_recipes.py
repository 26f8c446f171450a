"""Hold the recipes to what they write, read from the SQL that revisions become."""

from __future__ import annotations

import pytest

from runtime.store import recipes, revisions


def test_a_tenants_table_is_secured_in_four_steps() -> None:
    """Row security on, forced, one policy for reading and writing, and rights for the app alone."""
    sql = revisions.rendered()

    assert "alter table events enable row level security;" in sql
    assert "alter table events force row level security;" in sql
    assert (
        "create policy events_tenant on events "
        "using (organization_id = (select current_organization())) "
        "with check (organization_id = (select current_organization()));"
    ) in sql
    assert 'grant select, insert, update on events to "plangate_app";' in sql


def test_the_table_of_tenants_is_held_by_its_own_id() -> None:
    """An organization sees the one row that it is."""
    assert "create policy organizations_tenant on organizations using (id = (" in (
        revisions.rendered()
    )


def test_a_grant_of_more_than_rows_is_refused() -> None:
    """The app's role never gets truncate, references, trigger or all."""
    with pytest.raises(ValueError, match=r"grants \['all', 'truncate'\]"):
        recipes.secure("events", grants=("select", "all", "truncate"))


def test_rights_go_to_the_role_that_was_named() -> None:
    """Whoever runs the revisions says who serves requests."""
    sql = revisions.rendered(app_role="svc@project.iam")

    assert 'grant usage on schema public to "svc@project.iam";' in sql
    assert "plangate_app" not in sql


def test_nobody_may_call_what_triggers_call() -> None:
    """Postgres lets everybody call a new function; ours are for those who need them."""
    sql = revisions.rendered()

    assert "revoke execute on function refuse_change() from public;" in sql
    assert "grant execute on function refuse_change()" not in sql
    assert "revoke execute on function current_organization() from public;" in sql
    assert 'grant execute on function current_organization() to "plangate_app";' in sql


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("", id="nothing"),
        pytest.param('a"b', id="a quotation mark"),
        pytest.param("a b", id="a space"),
        pytest.param("a;b", id="the end of a statement"),
        pytest.param("1a", id="begins with a digit"),
        pytest.param("a" * 64, id="longer than Postgres keeps"),
        pytest.param("a\x00", id="a NUL"),
    ],
)
def test_a_name_that_is_none_is_refused(name: str) -> None:
    """A role's name is quoted only when nothing in it could end the quotation."""
    with pytest.raises(ValueError, match="expected a letter"):
        recipes.quoted_name(name)


def test_percent_signs_survive_the_way_into_sql() -> None:
    """A message that names its table does so in SQL that is applied by hand, too."""
    assert "rows of % are only ever added" in revisions.rendered()
