"""Hold bundles: what is in them, that they are a function of it, and that a real OPA takes them."""

from __future__ import annotations

import io
import subprocess
import tarfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import orjson
import pytest

from runtime.adapters.opa.bundle import (
    batch_path,
    bundle_bytes,
    bundle_etag,
    bundle_revision,
    instant,
)
from runtime.adapters.opa.signing import BundleSigner, SigningAlgorithm
from runtime.domain.policy_unit import PolicyModule, PolicyUnit, unit_of
from runtime.kit.rego_text import RegoTextError
from runtime.policies import shipped_modules
from tests.builders import NOW
from tests.servers.opa_server import needs_opa, verification_options
from tests.servers.opa_signing import OTHER_SECRET, a_signer, verification_of

ORGANIZATION = "org_1"
SIGNER = a_signer()
DENY = PolicyModule(
    path="organization/deny.rego",
    text='package tenant.organization\n\ndeny contains {"message": "m", "remedy": "r"}\n',
)


def a_unit(key: str = "base", *, number: int = 3, path: str = DENY.path) -> PolicyUnit:
    """Return the shipped rules with one of the organization."""
    modules = (*shipped_modules(), PolicyModule(path=path, text=DENY.text))
    return unit_of(modules, organization_id=ORGANIZATION, key=key, number=number)


def a_bundle(*units: PolicyUnit, built_at: datetime = NOW, signer: BundleSigner = SIGNER) -> bytes:
    """Return a bundle of units; without any it holds one."""
    return bundle_bytes(
        units or (a_unit(),), organization_id=ORGANIZATION, built_at=built_at, signer=signer
    )


def files_of(bundle: bytes) -> dict[str, str]:
    """Return what is in a bundle."""
    with tarfile.open(fileobj=io.BytesIO(bundle), mode="r:gz") as archive:
        return {
            member.name: held.read().decode()
            for member in archive
            if (held := archive.extractfile(member)) is not None
        }


def test_equal_units_are_equal_bytes() -> None:
    """Whenever and wherever they are built, and in whatever order they come."""
    one, other = a_unit(), a_unit("prj_1", number=5)

    assert a_bundle(one, other) == a_bundle(other, one)
    assert a_bundle(one, built_at=NOW.astimezone(timezone(timedelta(hours=5)))) == a_bundle(one)
    assert a_bundle(one)[4:8] == bytes(4)  # where gzip says when it was packed


def test_the_manifest_says_whose_it_is_and_which() -> None:
    """Number and digest as revision, one root of its own, and since when it holds."""
    units = (a_unit(number=3), a_unit("prj_1", number=5))

    manifest = orjson.loads(files_of(a_bundle(*units))[".manifest"])

    assert manifest == {
        "revision": bundle_revision(units),
        "roots": ["scopes/org_1"],
        "rego_version": 1,
        "metadata": {"plangate": {"built_at": instant(NOW), "organization": ORGANIZATION}},
    }
    assert manifest["revision"].startswith("5:sha256:")


def test_each_unit_stands_in_its_scope() -> None:
    """Modules of two projects don't meet, and each has its own answers."""
    files = files_of(a_bundle(a_unit(), a_unit("prj_1")))

    shipped = len(shipped_modules())
    for key in ("base", "prj_1"):
        below = [text for name, text in files.items() if name.startswith(f"scopes/org_1/{key}/")]
        assert len(below) == shipped + 2
        assert all(f"package scopes.org_1.{key}." in text for text in below)
        assert f"package scopes.org_1.{key}.batch" in files[f"scopes/org_1/{key}/batch.rego"]
    assert batch_path("org_1", "base") == ("scopes", "org_1", "base", "batch", "answer")


@pytest.mark.parametrize(
    "path", ["../../.manifest", "data.json", "x/.signatures.json", "batch.rego", "é \n.yaml", ""]
)
def test_a_path_of_a_tenant_is_never_more_than_rego(path: str) -> None:
    """What a tenant calls a file can't become the manifest, data, or a file of ours."""
    files = files_of(a_bundle(a_unit(path=path)))

    assert {name for name in files if not name.endswith(".rego")} == {
        ".manifest",
        ".signatures.json",
    }
    assert len(files) == len(files_of(a_bundle()))
    assert all(part not in {"", ".", ".."} for name in files for part in name.split("/"))


def test_the_revision_and_the_etag_tell_bundles_apart() -> None:
    """By content, and the ETag by age and key as well, without building anything."""
    units, later = [a_unit()], NOW + timedelta(minutes=1)
    etags = {
        bundle_etag(units, built_at=NOW, signer=SIGNER),
        bundle_etag(units, built_at=later, signer=SIGNER),
        bundle_etag([a_unit(number=4)], built_at=NOW, signer=SIGNER),
        bundle_etag(units, built_at=NOW, signer=a_signer(SigningAlgorithm.ES256)),
        bundle_etag(units, built_at=NOW, signer=a_signer(scope="write")),
        bundle_etag(units, built_at=NOW, signer=replace(SIGNER, key_id="next")),
    }

    assert len(etags) == 6
    assert bundle_etag(units, built_at=NOW, signer=SIGNER) in etags
    assert bundle_revision(units) != bundle_revision([a_unit("prj_1")])
    assert bundle_revision(units) != bundle_revision([a_unit(path="other.rego")])


@pytest.mark.parametrize(
    "units",
    [
        pytest.param((), id="none"),
        pytest.param((a_unit(), a_unit(number=9)), id="one key twice"),
        pytest.param((unit_of((), organization_id="org_2"),), id="somebody else's"),
        pytest.param((a_unit("prj-1"),), id="a key that is no name"),
        pytest.param((a_unit("a.b"),), id="a key that is a path"),
    ],
)
def test_units_that_make_no_bundle_are_refused(units: tuple[PolicyUnit, ...]) -> None:
    """A bundle is of one organization, and each unit has one place in it."""
    with pytest.raises(ValueError, match=r"expected at least one|name a package"):
        bundle_bytes(units, organization_id=ORGANIZATION, built_at=NOW, signer=SIGNER)


def test_a_time_without_zone_is_refused() -> None:
    """Age would be measured by somebody's local time."""
    with pytest.raises(ValueError, match="with its zone"):
        a_bundle(built_at=NOW.replace(tzinfo=None))


def test_a_module_that_looks_elsewhere_is_not_built() -> None:
    """Even one that came past every other check."""
    spy = PolicyModule(
        path="spy.rego",
        text="package tenant.organization\n\nroles := data.scopes.org_2.base.tenant.organization\n",
    )
    unit = unit_of((spy,), organization_id=ORGANIZATION)

    with pytest.raises(RegoTextError, match="line 3"):
        a_bundle(unit)


@pytest.mark.parametrize("algorithm", SigningAlgorithm)
def test_opa_verifies_and_builds_what_we_sign(algorithm: SigningAlgorithm, tmp_path: Path) -> None:
    """The real one takes our format, our digests and our signature."""
    signer = a_signer(algorithm, scope="write")

    said = built_by_opa(
        a_bundle(a_unit(), a_unit("prj_1"), signer=signer), signer=signer, folder=tmp_path
    )

    assert said == ""
    assert (tmp_path / "theirs.tar.gz").exists()


@pytest.mark.parametrize("changed", ["by another key", "a byte of a rule", "the manifest"])
def test_opa_refuses_what_was_changed(changed: str, tmp_path: Path) -> None:
    """One other key, one other byte: the bundle is not taken."""
    # arrange
    bundle = a_bundle(signer=a_signer(key=OTHER_SECRET) if changed == "by another key" else SIGNER)
    if changed == "a byte of a rule":
        bundle = repacked(bundle, "scopes/org_1/base/batch.rego", ("some i", "some  i"))
    if changed == "the manifest":
        bundle = repacked(bundle, ".manifest", ('"3:', '"4:'))

    # act
    said = built_by_opa(bundle, signer=SIGNER, folder=tmp_path)

    # assert
    assert "failed to verify JWT signature" in said or "digest mismatch" in said
    assert not (tmp_path / "theirs.tar.gz").exists()


def built_by_opa(bundle: bytes, *, signer: BundleSigner, folder: Path) -> str:
    """Let OPA verify a bundle and build its own of it; return what it complains of."""
    opa = needs_opa()
    (folder / "ours.tar.gz").write_bytes(bundle)
    (folder / "signing.key").write_text(signer.key)
    built = subprocess.run(
        [
            *(opa, "build", "--bundle", str(folder / "ours.tar.gz")),
            *("--output", str(folder / "theirs.tar.gz")),
            *("--signing-key", str(folder / "signing.key")),
            *verification_options(folder, verification_of(signer)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    return built.stdout + built.stderr


def repacked(bundle: bytes, name: str, change: tuple[str, str]) -> bytes:
    """Return a bundle with one file changed, and its signature as it was."""
    files = files_of(bundle)
    assert change[0] in files[name]
    files[name] = files[name].replace(*change)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def test_an_instant_is_spelled_in_utc() -> None:
    """To the second."""
    local = datetime(2026, 1, 5, 3, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=3)))

    assert instant(local) == datetime(2026, 1, 5, tzinfo=UTC).isoformat()
