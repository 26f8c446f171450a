"""Every command finds the platform and a token, prints for people or programs, fails plainly."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path

import orjson
import pytest
import typer
from typer.main import get_group
from typer.testing import CliRunner, Result

from runtime.bootstrap.dev_folder import Demo, DevFolder
from runtime.entrypoints.cli.client import REFUSED, UNREACHABLE, USAGE, CommandError
from runtime.entrypoints.cli.console import USUAL_URL, Api, Wish, command
from runtime.entrypoints.cli.main import GROUP
from tests.servers.scripted_api import Scripted, ScriptedApi, answer, problem, scripted_api

app = typer.Typer()


@command(app)
def find(api: Api, name: str, *, loud: bool = False) -> None:
    """Find a thing."""
    api.show(api.platform.projects.read(name), {"ID": "id"})
    if loud:
        api.say("found")


@command(app, "all")
def all_(api: Api, *, limit: int | None = None) -> None:
    """List things."""
    api.show_all(api.first(api.platform.projects.list(), limit), {"ID": "id"})


@pytest.fixture(autouse=True)
def _nothing_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Start where nobody set a variable and no `plangate dev` ever ran."""
    for name in ("URL", "TOKEN", "OPERATOR_TOKEN", "FOLDER"):
        monkeypatch.delenv(f"PLANGATE_{name}", raising=False)
    monkeypatch.chdir(tmp_path)


def said(*arguments: str, **environ: str) -> Result:
    """Run a command of the group."""
    variables = {f"PLANGATE_{name.upper()}": value for name, value in environ.items()}
    return CliRunner().invoke(app, arguments, env=variables)


def a_demo(folder: Path, **changes: str) -> Demo:
    """Keep a demo, as `plangate dev` does."""
    demo = Demo(
        **{
            "url": "http://127.0.0.1:1",
            "organization": "org_1",
            "member": "mem_1",
            "token": "pgt_demo",
            **changes,
        }
    )
    owned = DevFolder.claimed(folder)
    owned.keys()
    owned.keep_demo(demo)
    owned.release()
    return demo


def asked_with(api: ScriptedApi) -> list[str]:
    """Return the credentials that a platform was asked with."""
    return [asked.headers["authorization"] for asked in api.asked]


def test_an_answer_is_shown_for_people() -> None:
    """What is no part of the answer goes to standard error."""
    with scripted_api([answer({"id": "x"})]) as api:
        result = said("find", "a", "--loud", "--url", api.url, token="pgt_1")  # noqa: S106

    assert (result.exit_code, result.stdout, result.stderr) == (0, "ID  x\n", "found\n")
    assert api.asked[0].target == "/v1/projects/a"


def test_an_answer_is_shown_for_programs() -> None:
    """With `--json` it is the API's own document, whole."""
    document = {"id": "x", "more": [1.5, None]}
    with scripted_api([answer(document)]) as api:
        result = said("find", "a", "--json", url=api.url, token="pgt_1")  # noqa: S106

    assert orjson.loads(result.stdout) == document


def test_a_list_is_read_to_its_end() -> None:
    """Page by page, each with the cursor of the one before."""
    pages = [
        answer({"items": [{"id": "a"}], "next_cursor": "more"}),
        answer({"items": [{"id": "b"}], "next_cursor": None}),
    ]
    with scripted_api(pages) as api:
        result = said("all", "--json", url=api.url, token="pgt_1")  # noqa: S106

    assert orjson.loads(result.stdout) == {"items": [{"id": "a"}, {"id": "b"}], "next_cursor": None}
    assert [asked.target for asked in api.asked] == [
        "/v1/projects?limit=200",
        "/v1/projects?limit=200&cursor=more",
    ]


def test_a_list_that_is_cut_says_so() -> None:
    """Nobody takes a part for the whole; an exact fit is not cut."""
    page = answer({"items": [{"id": "a"}, {"id": "b"}], "next_cursor": None})
    with scripted_api([page, page]) as api:
        cut = said("all", "--limit", "1", url=api.url, token="pgt_1")  # noqa: S106
        whole = said("all", "--limit", "2", url=api.url, token="pgt_1")  # noqa: S106

    assert cut.stdout == "ID\na\n"
    assert "there is more" in cut.stderr
    assert (whole.stdout, whole.stderr) == ("ID\na\nb\n", "")


def test_an_empty_list_is_no_empty_answer() -> None:
    """People read that there is nothing; programs read an empty list."""
    empty = answer({"items": [], "next_cursor": None})
    with scripted_api([empty, empty]) as api:
        people = said("all", url=api.url, token="pgt_1")  # noqa: S106
        programs = said("all", "--json", url=api.url, token="pgt_1")  # noqa: S106

    assert (people.stdout, people.stderr) == ("", "none\n")
    assert orjson.loads(programs.stdout)["items"] == []


@pytest.mark.parametrize(
    ("script", "code", "message"),
    [
        pytest.param([problem(404, "not_found")], REFUSED, "not_found: it is so\n", id="refused"),
        pytest.param([problem(500, "internal")], UNREACHABLE, "internal: it is so\n", id="fault"),
    ],
)
def test_a_failure_is_one_message_and_a_code(
    script: Sequence[Scripted], code: int, message: str
) -> None:
    """On standard error, without a traceback; standard output stays empty."""
    with scripted_api(script) as api:
        result = said("find", "a", url=api.url, token="pgt_1")  # noqa: S106

    assert (result.exit_code, result.stdout, result.stderr) == (code, "", message)


def test_the_demo_is_found() -> None:
    """In the folder of `plangate dev` nothing has to be said."""
    with scripted_api([answer({"id": "x"})]) as api:
        a_demo(Path(".plangate"), url=api.url)
        result = said("find", "a")

    assert result.exit_code == 0
    assert asked_with(api) == ["Bearer pgt_demo"]


def test_another_folder_can_be_named() -> None:
    """By the variable that `plangate dev` takes as well."""
    with scripted_api([answer({"id": "x"})]) as api:
        a_demo(Path("elsewhere"), url=api.url)
        result = said("find", "a", folder="elsewhere")

    assert result.exit_code == 0


def test_the_demos_token_goes_to_the_demo_alone() -> None:
    """Another address gets no token that it was not given."""
    with scripted_api() as api:
        a_demo(Path(".plangate"))
        result = said("find", "a", url=api.url)

    assert result.exit_code == USAGE
    assert result.stderr.startswith(f"there is no token for {api.url}; set PLANGATE_TOKEN")
    assert api.asked == []


def test_a_given_token_goes_before_the_demos() -> None:
    """A file goes before the variable, the variable before the demo; blanks don't count."""
    Path("token").write_text(" pgt_file\n")
    with scripted_api([answer({"id": "x"})] * 2) as api:
        a_demo(Path(".plangate"), url=api.url)
        said("find", "a", token="pgt_variable")  # noqa: S106
        said("find", "a", "--token-file", "token", token="pgt_variable")  # noqa: S106

    assert asked_with(api) == ["Bearer pgt_variable", "Bearer pgt_file"]


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_a_token_file_that_can_not_be_read_is_wrong_usage(content: bytes | None) -> None:
    """Its name is said, and nothing of its content."""
    if content is not None:
        Path("token").write_bytes(content)

    result = said("find", "a", "--token-file", "token")

    assert result.exit_code == USAGE
    assert result.stderr.startswith("token can't be read as a token")


def test_a_damaged_demo_is_said() -> None:
    """With the file to mend."""
    Path(".plangate").mkdir()
    Path(".plangate/demo.json").write_text("{")

    result = said("find", "a")

    assert result.exit_code == USAGE
    assert ".plangate/demo.json: it is damaged" in result.stderr


def test_no_option_takes_a_token_itself() -> None:
    """What is on a command line ends up in histories and lists of processes."""
    shown = CliRunner().invoke(app, ["find", "--help"]).output

    assert "--token-file" in shown
    assert said("find", "a", "--token", "pgt_1").exit_code != 0


def test_without_anything_the_usual_address_is_meant() -> None:
    """The one that `plangate dev` takes first."""
    assert Api(Wish(), {}).url == USUAL_URL


def test_the_platforms_credential_is_another_one() -> None:
    """It comes from its own variable or the demo's folder, never from the token's."""
    with scripted_api([answer({})] * 3) as api:
        demo = a_demo(Path(".plangate"), url=api.url)
        Api(Wish(), {"PLANGATE_TOKEN": "t"}).operated.organizations.read("o")
        Api(Wish(), {"PLANGATE_OPERATOR_TOKEN": "o"}).operated.organizations.read("o")
    with pytest.raises(CommandError, match="set PLANGATE_OPERATOR_TOKEN"):
        Api(Wish(url="http://127.0.0.1:1/x"), {"PLANGATE_TOKEN": "t"}).operated.organizations.read(
            "x"
        )

    first, second = asked_with(api)
    assert first not in {"Bearer t", f"Bearer {demo.token}"}
    assert len(first) > 60
    assert second == "Bearer o"


def test_a_demo_without_keys_has_no_credential() -> None:
    """As if it were none."""
    a_demo(Path(".plangate"))
    Path(".plangate/keys.json").unlink()

    with pytest.raises(CommandError, match="there is no token"):
        Api(Wish(), {}).operated.organizations.read("o")


def test_every_change_has_a_key_of_its_own() -> None:
    """Whatever the method; a key that is given is used."""
    with scripted_api([answer({})] * 4) as api:
        asking = Api(Wish(url=api.url), {"PLANGATE_TOKEN": "t"})
        asking.platform.projects.archive("x")
        asking.platform.projects.archive("x", idempotency_key="mine")
        asking.within(5.0).projects.archive("x")
        asking.replace("projects", "x", "models", body={}, headers={"If-Match": '"1"'})

    keys = [asked.headers["idempotency-key"] for asked in api.asked]
    assert keys[1] == "mine"
    assert len(set(keys)) == 4
    assert api.asked[3].headers["if-match"] == '"1"'


@pytest.mark.parametrize("name", sorted(entry_points(group=GROUP).names))
def test_every_command_says_what_it_does(name: str) -> None:
    """In the list of its group, where people look first."""
    (entry,) = entry_points(group=GROUP, name=name)
    group = get_group(entry.load())

    silent = [key for key, found in group.commands.items() if not (found.help or "").strip()]

    assert silent == []
