"""Serve an OIDC issuer over loopback, in a thread: discovery, keys, authorize, token endpoint.

In a test: `with identity_provider() as issuer`. It is honest by default: it redirects at once, and
redeems a code once, for the client, redirect URI and PKCE verifier that it was given for. A test
makes it dishonest by `answers`, `login_changes`, `keys` and `held`.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import threading
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote_plus, urlencode

from aiohttp import web

from runtime.kit.clock import Clock, SystemClock
from tests.servers.signing import Json, SigningKey, a_key, compact, encoded

CLIENT_ID: Final = "plangate-console"
AUDIENCE: Final = "https://plangate.test/api"
REDIRECT_URI: Final = "http://127.0.0.1/v1/login/callback"
SUBJECT: Final = "person-1"
DISCOVERY: Final = "/.well-known/openid-configuration"
KEYS: Final = "/keys"
AUTHORIZE: Final = "/authorize"
TOKEN: Final = "/token"  # noqa: S105  # a path

_WAIT_S: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Canned:
    """Hold an answer that takes the place of the honest one."""

    status: int = 200
    body: bytes = b"{}"
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grant:
    """Remember what a code was given for."""

    client_id: str
    redirect_uri: str
    nonce: str
    challenge: str


@dataclass(kw_only=True)
class IdentityProvider:
    """Hold an issuer: what it publishes, whom it logs in, and what it was asked.

    Attributes:
        url: its issuer URL.
        keys: what it publishes; the first one signs.
        client_secret: what the client must prove itself with; None: a public client.
        redirect_uris: where a login may return to.
        login_changes: laid over the claims of identity tokens; None takes a claim away.
        metadata_changes: laid over the discovery document; None takes a member away.
        answers: what is answered in place of the honest answer, by path.
        served: how often each path was asked.
        token_requests: the forms that the token endpoint took.
    """

    clock: Clock = field(default_factory=SystemClock)
    url: str = ""
    keys: list[SigningKey] = field(default_factory=lambda: [a_key()])
    client_secret: str | None = None
    redirect_uris: tuple[str, ...] = (REDIRECT_URI,)
    login_changes: Json = field(default_factory=dict)
    metadata_changes: Json = field(default_factory=dict)
    answers: dict[str, Canned] = field(default_factory=dict)
    served: Counter[str] = field(default_factory=Counter)
    token_requests: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start without codes, with every gate open."""
        self._grants: dict[str, _Grant] = {}
        self._arrived = threading.Condition()
        self._gates: dict[str, threading.Event] = {}

    def claims(self, **changes: Any) -> Json:  # noqa: ANN401  # claims are any JSON
        """Return the claims of a good bearer token, changed; None takes a claim away."""
        now_s = int(self.clock.now().timestamp())
        good = {
            "iss": self.url,
            "sub": SUBJECT,
            "aud": AUDIENCE,
            "iat": now_s,
            "exp": now_s + 600,
        }
        return _laid_over(good, changes)

    def token(self, **changes: Any) -> str:  # noqa: ANN401  # as above
        """Return a signed bearer token with changed claims."""
        return self.signed(self.claims(**changes))

    def signed(self, claims: Json, *, key: SigningKey | None = None) -> str:
        """Return claims signed by a key, the first one if none is given."""
        key = key or self.keys[0]
        return compact({"alg": key.algorithm, "kid": key.kid, "typ": "JWT"}, claims, key)

    def rotate(self, key: SigningKey, *, keep_old: bool = True) -> None:
        """Sign by a new key from now on, and publish it, beside the old ones or alone."""
        self.keys = [key, *self.keys] if keep_old else [key]

    def await_served(self, path: str, count: int) -> None:
        """Return when a path was asked that often."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: self.served[path] >= count, timeout=_WAIT_S):
                raise AssertionError(f"{path} was asked {self.served[path]} times, not {count}")

    @contextmanager
    def held(self, path: str) -> Iterator[None]:
        """Answer nothing at a path while the block runs; what has arrived is answered after it."""
        self._gates[path] = threading.Event()
        try:
            yield
        finally:
            self.release(path)

    def release(self, path: str) -> None:
        """Answer what has arrived at a held path, and hold it no longer."""
        if gate := self._gates.pop(path, None):
            gate.set()

    def application(self) -> web.Application:
        """Return the issuer as an application of aiohttp."""
        app = web.Application(middlewares=[self._counted])
        app.router.add_get(DISCOVERY, self._discovery)
        app.router.add_get(KEYS, self._published)
        app.router.add_get(AUTHORIZE, self._authorize)
        app.router.add_post(TOKEN, self._redeem)
        return app

    @web.middleware
    async def _counted(self, request: web.Request, handler: Any) -> web.StreamResponse:  # noqa: ANN401
        with self._arrived:
            self.served[request.path] += 1
            self._arrived.notify_all()
        if gate := self._gates.get(request.path):
            await asyncio.to_thread(gate.wait, _WAIT_S)
        if canned := self.answers.get(request.path):
            headers = {"Content-Type": canned.content_type, **canned.headers}
            return web.Response(status=canned.status, body=canned.body, headers=headers)
        response: web.StreamResponse = await handler(request)
        return response

    async def _discovery(self, request: web.Request) -> web.Response:
        base = self.url.rstrip("/")
        document = {
            "issuer": self.url,
            "jwks_uri": base + KEYS,
            "authorization_endpoint": base + AUTHORIZE,
            "token_endpoint": base + TOKEN,
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
        return web.json_response(_laid_over(document, self.metadata_changes))

    async def _published(self, request: web.Request) -> web.Response:
        return web.json_response({"keys": [key.jwk for key in self.keys]})

    async def _authorize(self, request: web.Request) -> web.Response:
        asked = request.query
        if asked.get("redirect_uri") not in self.redirect_uris:
            return web.json_response({"error": "invalid_request"}, status=400)
        good = (
            asked.get("client_id") == CLIENT_ID
            and asked.get("response_type") == "code"
            and asked.get("code_challenge_method") == "S256"
            and "openid" in asked.get("scope", "").split()
        )
        answer = {"error": "invalid_request"}
        if good:
            code = secrets.token_urlsafe(24)
            self._grants[code] = _Grant(
                client_id=asked["client_id"],
                redirect_uri=asked["redirect_uri"],
                nonce=asked.get("nonce", ""),
                challenge=asked.get("code_challenge", ""),
            )
            answer = {"code": code}
        answer |= {"state": asked.get("state", ""), "iss": self.url}
        raise web.HTTPFound(f"{asked['redirect_uri']}?{urlencode(answer)}")

    async def _redeem(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.token_requests.append(form)
        client_id = self._proven_client(request, form)
        if client_id is None:
            return web.json_response({"error": "invalid_client"}, status=401)
        grant = self._grants.pop(form.get("code", ""), None)
        challenge = encoded(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if grant is None or grant != _Grant(
            client_id=client_id,
            redirect_uri=form.get("redirect_uri", ""),
            nonce=grant.nonce,
            challenge=challenge.decode(),
        ):
            return web.json_response({"error": "invalid_grant"}, status=400)
        honest = {
            "aud": CLIENT_ID,
            "nonce": grant.nonce,
            "email": "person@plangate.test",
            "email_verified": True,
        }
        claims = self.claims(**{**honest, **self.login_changes})
        return web.json_response({"token_type": "Bearer", "id_token": self.signed(claims)})

    def _proven_client(self, request: web.Request, form: dict[str, str]) -> str | None:
        """Return the client that proved itself, or None."""
        if self.client_secret is None:
            return form.get("client_id")
        kind, _, credentials = request.headers.get("Authorization", "").partition(" ")
        if kind != "Basic":
            return None
        name, _, secret = b64decode(credentials).decode().partition(":")
        return unquote_plus(name) if unquote_plus(secret) == self.client_secret else None


@contextmanager
def identity_provider(
    *, clock: Clock | None = None, client_secret: str | None = None, path: str = ""
) -> Iterator[IdentityProvider]:
    """Serve an issuer while the block runs.

    Args:
        clock: tells when its tokens begin and end; this machine's without.
        client_secret: what its client has to know.
        path: what its issuer URL ends with, as some have "/" there.
    """
    provider = IdentityProvider(clock=clock or SystemClock(), client_secret=client_secret)
    started, stop = threading.Event(), threading.Event()

    async def serve() -> None:
        runner = web.AppRunner(provider.application(), access_log=None, shutdown_timeout=0.01)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        provider.url = f"http://127.0.0.1:{runner.addresses[0][1]}{path}"
        started.set()
        await asyncio.to_thread(stop.wait)
        await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="identity-provider")
    thread.start()
    try:
        if not started.wait(_WAIT_S):
            raise AssertionError("the issuer did not start")
        yield provider
    finally:
        stop.set()
        thread.join(_WAIT_S)


def _laid_over(document: Json, changes: Json) -> Json:
    return {name: value for name, value in {**document, **changes}.items() if value is not None}
