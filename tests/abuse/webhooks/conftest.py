"""Give these tests the app of production, and a project and an organization with webhooks."""

from tests.api.webhooks.conftest import hook_site, organization_site, project_site, redis_url, site

__all__ = ["hook_site", "organization_site", "project_site", "redis_url", "site"]
