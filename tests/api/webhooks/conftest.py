"""Give these tests the app of production, and a project and an organization with webhooks."""

from __future__ import annotations

import pytest

from tests.execution import redis_url
from tests.hooks import HookSite, hook_site
from tests.webhook_site import EACH_PLACE, WebhookSite

__all__ = ["hook_site", "redis_url"]


@pytest.fixture(params=EACH_PLACE)
def site(hook_site: HookSite, request: pytest.FixtureRequest) -> WebhookSite:
    """Keep webhooks of a project, and then of an organization."""
    return WebhookSite.of(hook_site, str(request.param))


@pytest.fixture
def project_site(hook_site: HookSite) -> WebhookSite:
    """Keep webhooks of a project."""
    return WebhookSite.of(hook_site, "project")


@pytest.fixture
def organization_site(hook_site: HookSite) -> WebhookSite:
    """Keep webhooks of an organization."""
    return WebhookSite.of(hook_site, "organization")
