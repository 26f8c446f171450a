"""Who signs in gets a key in a cookie of the console alone, as safe as its place allows."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest

pytest.importorskip("gradio", reason="the console needs Gradio: pip install 'plangate[console]'")

from fastapi import FastAPI

from runtime.entrypoints.console.door import COOKIE, Door, add_signing
from runtime.entrypoints.console.place import Place
from runtime.entrypoints.console.sessions import Sessions
from runtime.entrypoints.rest.beside import Beside
from tests.api.identity.world import called
from tests.servers.scripted_api import answer, scripted_api

PAGE = [("host", "127.0.0.1"), ("origin", "http://127.0.0.1")]


@pytest.mark.parametrize("https", [True, False])
async def test_a_mounted_console_keeps_its_cookie_to_itself(https: bool) -> None:  # noqa: FBT001  # a table
    """Below its path, for no script, and by https alone where the platform is reached so."""
    sessions, app = Sessions(), FastAPI()
    with scripted_api((answer({"member": {}, "organization": {}, "credential": {}}),)) as api:
        place = Place(platform=api.url, https=https)
        add_signing(app, sessions=sessions, place=place)
        mounted = Beside("/console", Door(app, sessions=sessions, place=place))
        done = await called(mounted, "POST", "/console/signin", headers=PAGE, body=b"token=pgt_x")  # type: ignore[arg-type]  # an app as well
    headers = dict(done.headers)
    cookie = SimpleCookie(headers["set-cookie"])[COOKIE]

    assert (done.status, headers["location"]) == (303, "/console/")
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/console/", True, "strict")
    assert bool(cookie["secure"]) is https
    assert sessions.of_key(cookie.value) is not None
