"""Hold `plangate db` to its words and its exit codes, against a real database."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping

import pytest
from typer.testing import CliRunner, Result

from runtime.entrypoints.cli.db import app
from runtime.store import schema
from runtime.store.revisions import head_revision
from tests.database import APP, DatabaseUrls, apart, session

SERVING = {
    "PLANGATE_REDIS_URL": "redis://127.0.0.1:6379/0",
    "PLANGATE_TOKEN_KEYS": "0123456789abcdef0123456789abcdef",
}
HEAD = head_revision()


def run(*arguments: str, environ: Mapping[str, str] | None = None) -> Result:
    """Run the command as a shell would."""
    return CliRunner().invoke(app, arguments, env=dict(environ or {}))


@pytest.fixture(autouse=True)
def _no_database_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PLANGATE_DATABASE_URL", "PLANGATE_MIGRATION_URL"):
        monkeypatch.delenv(name, raising=False)


def test_upgrade_says_what_it_did(empty_database_urls: DatabaseUrls) -> None:
    """The first run migrates, the second finds nothing to do; both are well."""
    first = run("upgrade", "--url", empty_database_urls.owner_url)
    second = run("upgrade", "--url", empty_database_urls.owner_url)

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout == f"the schema is at {HEAD}; it was at no revision\n"
    assert second.stdout == f"the schema is at {HEAD}; as it was\n"


def test_of_processes_that_start_at_once_one_migrates(empty_database_urls: DatabaseUrls) -> None:
    """Replicas need no order among them: each ends well, and one of them did the work."""
    code = "import sys; from runtime.entrypoints.cli.db import app; app(sys.argv[1:])"
    command = [sys.executable, "-c", code, "upgrade", "--url", empty_database_urls.owner_url]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = [process.communicate(timeout=40)[0] for process in started]

    assert {process.returncode for process in started} == {0}
    assert sorted(said) == [
        f"the schema is at {HEAD}; as it was\n",
        f"the schema is at {HEAD}; as it was\n",
        f"the schema is at {HEAD}; as it was\n",
        f"the schema is at {HEAD}; it was at no revision\n",
    ]


def test_upgrade_takes_both_addresses_from_the_environment(
    empty_database_urls: DatabaseUrls,
) -> None:
    """The role that the app connects as is the one that gets the rights."""
    environ = {
        **SERVING,
        "PLANGATE_MIGRATION_URL": empty_database_urls.owner_url,
        "PLANGATE_DATABASE_URL": empty_database_urls.app_url,
    }

    assert run("upgrade", environ=environ).exit_code == 0
    assert run("check", environ=environ).exit_code == 0
    assert run("doctor", environ=environ).stdout == "healthy: nothing was found\n"


def test_upgrade_needs_the_owners_address_alone(empty_database_urls: DatabaseUrls) -> None:
    """A job that only migrates knows nothing of the app; the usual role gets the rights."""
    done = run("upgrade", environ={"PLANGATE_MIGRATION_URL": empty_database_urls.owner_url})

    assert done.exit_code == 0
    assert run("doctor", "--url", empty_database_urls.app_url).exit_code == 0


def test_upgrade_can_be_read_before_it_is_run(empty_database_urls: DatabaseUrls) -> None:
    """With --sql nothing is changed, and what would be run is printed."""
    apart(schema.upgrade(empty_database_urls.owner_url, to="0001"))

    done = run("upgrade", "--sql", "--url", empty_database_urls.owner_url)

    assert done.exit_code == 0
    assert "create table heads" in done.stdout
    assert "create table organizations" not in done.stdout
    assert apart(schema.current_revision(empty_database_urls.owner_url)) == "0001"


def test_check_finds_an_unmigrated_database(empty_database_urls: DatabaseUrls) -> None:
    """A script can tell that the migration is missing, and a person what to run."""
    done = run("check", "--url", empty_database_urls.app_url)
    document = json.loads(run("check", "--json", "--url", empty_database_urls.app_url).stdout)

    assert done.exit_code == 1
    assert "run `plangate db upgrade`" in done.stderr
    assert (document["fits"], document["found"], document["needed"]) == (False, None, HEAD)


def test_check_accepts_a_migrated_database(database_urls: DatabaseUrls) -> None:
    """What fits is said, in words and in JSON."""
    done = run("check", "--url", database_urls.app_url)
    document = json.loads(run("check", "--json", "--url", database_urls.app_url).stdout)

    assert (done.exit_code, done.stdout) == (
        0,
        f"the schema is at {HEAD}, as this release needs it\n",
    )
    assert document == {"fits": True, "found": HEAD, "needed": HEAD, "problem": None}


def test_doctor_names_each_finding_with_its_mend(database_urls: DatabaseUrls) -> None:
    """A person reads three lines, a machine four fields; both exit alike."""
    apart(_run(database_urls.owner_url, f"grant truncate on heads to {APP}"))

    words = run("doctor", "--url", database_urls.app_url)
    document = json.loads(run("doctor", "--json", "--url", database_urls.app_url).stdout)

    assert words.exit_code == 1
    assert words.stdout.splitlines() == [
        "grant: heads",
        "  the app's role has truncate, which it never needs",
        f'  mend: revoke truncate on heads from "{APP}"',
        "",
        "1 finding",
    ]
    assert document["healthy"] is False
    assert [set(item) for item in document["findings"]] == [{"check", "subject", "problem", "mend"}]


@pytest.mark.parametrize(
    ("command", "variable"),
    [
        pytest.param("upgrade", "PLANGATE_MIGRATION_URL", id="upgrade"),
        pytest.param("check", "PLANGATE_DATABASE_URL", id="check"),
        pytest.param("doctor", "PLANGATE_DATABASE_URL", id="doctor"),
    ],
)
def test_a_command_without_a_database_says_what_to_set(command: str, variable: str) -> None:
    """A missing variable is a matter of configuration."""
    done = run(command)

    assert done.exit_code == 5
    assert f"set {variable} to postgresql://" in done.stderr


@pytest.mark.parametrize("command", ["upgrade", "check", "doctor"])
def test_a_database_that_does_not_answer_is_told_apart(command: str, unused_tcp_port: int) -> None:
    """A retry can help here, unlike with a wrong configuration."""
    done = run(command, "--url", f"postgresql://a:hidden@127.0.0.1:{unused_tcp_port}/c")

    assert done.exit_code == 4
    assert "does not answer" in done.stderr
    assert "hidden" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    "variable", ["PLANGATE_MIGRATION_URL", "PLANGATE_DATABASE_URL", "PLANGATE_LOG_LEVEL"]
)
def test_a_variable_that_can_not_be_used_is_named(
    empty_database_urls: DatabaseUrls, variable: str
) -> None:
    """The command repeats what the settings say, and never the value."""
    environ = {"PLANGATE_MIGRATION_URL": empty_database_urls.owner_url, variable: "mysql://s3cret"}

    done = run("upgrade", environ=environ)

    assert done.exit_code == 5
    assert variable in done.stderr
    assert "s3cret" not in done.stderr or variable == "PLANGATE_LOG_LEVEL"


def test_an_app_address_that_can_not_be_read_is_named(empty_database_urls: DatabaseUrls) -> None:
    """The role is read from it, so it must be one."""
    environ = {
        **SERVING,
        "PLANGATE_MIGRATION_URL": empty_database_urls.owner_url,
        "PLANGATE_DATABASE_URL": "postgresql://app@host:port/db",
    }

    done = run("upgrade", environ=environ)

    assert done.exit_code == 5
    assert "PLANGATE_DATABASE_URL is not readable" in done.stderr


def test_a_role_can_be_named(empty_database_urls: DatabaseUrls) -> None:
    """One that does not exist is refused with the statement that makes it."""
    done = run("upgrade", "--app-role", "plangate_absent", "--url", empty_database_urls.owner_url)

    assert done.exit_code == 5
    assert 'create role "plangate_absent"' in done.stderr


async def _run(url: str, statement: str) -> None:
    async with session(url) as owner:
        await owner.execute(statement)
