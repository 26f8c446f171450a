"""A unit is named by what is in it."""

from __future__ import annotations

from runtime.domain.policy_unit import BASE, PolicyModule, revision_of, unit_of

MODULE = PolicyModule(path="a.rego", text="package a")


def test_equal_modules_have_one_revision_whoever_asks() -> None:
    """Number and owner are no part of it."""
    one = unit_of((MODULE,), organization_id="org_1")
    other = unit_of((MODULE,), organization_id="org_2", key="prj_1", number=7)

    assert one.revision == other.revision == revision_of((MODULE,))
    assert (one.key, one.number) == (BASE, 0)


def test_any_other_module_is_another_revision() -> None:
    """A path, a letter or an order."""
    second = PolicyModule(path="b.rego", text="package b")
    moved = PolicyModule(path="c.rego", text=MODULE.text)
    changed = PolicyModule(path="a.rego", text="package  a")

    revisions = {
        revision_of(modules)
        for modules in ((), (MODULE,), (moved,), (changed,), (MODULE, second), (second, MODULE))
    }

    assert len(revisions) == 6
