"""Log in as a browser does: follow redirects, keep cookies, send them where they belong."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp

from runtime.kit.json_value import JsonValue
from tests.api.identity.world import Answered, World


@dataclass(kw_only=True)
class Browser:
    """Hold the cookies of one browser."""

    world: World
    cookies: dict[str, str] = field(default_factory=dict)

    async def go(self, path: str, query: str = "") -> Answered:
        """Open an address of the platform."""
        return self._kept(await self.world.call("GET", path, headers=self._sent(), query=query))

    async def post(self, path: str, document: JsonValue = None, **headers: str) -> Answered:
        """Send something, with headers such as `origin`; `_` stands for a dash."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._kept(
            await self.world.call("POST", path, document, headers={**self._sent(), **named})
        )

    async def begin(self, **query: str) -> str:
        """Begin a login, and return where the platform sends the browser."""
        answered = await self.go("/v1/sessions:login", urlencode(query))
        assert answered.status == 302, answered.body
        return str(answered.header("location"))

    async def finish(self, callback: str) -> Answered:
        """Come back from the issuer."""
        parts = urlsplit(callback)
        return await self.go(parts.path, parts.query)

    async def log_in(self, **query: str) -> Answered:
        """Log in, from the platform to the issuer and back."""
        return await self.finish(await at_issuer(await self.begin(**query)))

    def _sent(self) -> dict[str, str]:
        if not self.cookies:
            return {}
        return {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    def _kept(self, answered: Answered) -> Answered:
        for name, text in answered.cookies().items():
            value = text.partition(";")[0].partition("=")[2].strip('"')
            if "Max-Age=0" in text:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return answered


async def at_issuer(url: str) -> str:
    """Visit an issuer, who logs in at once, and return where it sends the browser."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, allow_redirects=False) as response,
    ):
        return response.headers["Location"]


def asked_of(url: str, name: str) -> str:
    """Return one thing that an address asks."""
    return parse_qs(urlsplit(url).query)[name][0]
