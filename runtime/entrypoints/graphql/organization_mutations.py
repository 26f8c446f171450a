"""Say what holds in the organization of the credential: limits, models, plugins and verdicts."""

from __future__ import annotations

from typing import Final

import strawberry
from pydantic import TypeAdapter

from runtime.domain.gate_report import GateReport, NamedText
from runtime.domain.model_use import ModelUse
from runtime.domain.shared_limits import OrganizationLimits as SharedLimits
from runtime.entrypoints.graphql.administration import (
    Gate,
    ModelSettings,
    OrganizationLimits,
    Plugin,
    gate_told,
    limits_told,
    plugin_told,
    settings_told,
)
from runtime.entrypoints.graphql.call import Info, changed
from runtime.entrypoints.graphql.fields import mutation
from runtime.entrypoints.graphql.inputs import expected_of, fitting, name_of, text_of
from runtime.entrypoints.graphql.made import made
from runtime.entrypoints.graphql.people import Organization
from runtime.entrypoints.graphql.places import named_project, organization_of
from runtime.entrypoints.graphql.scalars import Json, Whole

LIMITS: Final = TypeAdapter(SharedLimits)
USE: Final = TypeAdapter(ModelUse)
REPORT: Final = TypeAdapter(GateReport)
NAMED: Final = TypeAdapter[str](NamedText)
MOST_PLUGIN_NAME: Final = 128


@strawberry.type
class OrganizationMutations:
    """Change what holds in the organization."""

    @mutation(description="Give the organization another name; takes an owner.")
    async def rename_organization(self, info: Info, name: str) -> Organization | None:
        """Return the organization."""
        own, spelled = organization_of(info), name_of(name)
        document = await changed(
            info,
            lambda services, context: services.organizations.rename(context, own, name=spelled),
        )
        return made(Organization, document, within="")

    @mutation(description="Let other limits hold that projects share; takes an owner.")
    async def replace_limits(
        self, info: Info, limits: Json, *, expects: Whole | None = None
    ) -> OrganizationLimits | None:
        """Return the limits, all of which are replaced."""
        own, wanted = organization_of(info), fitting(LIMITS, limits, argument="limits")
        number = expected_of(expects)
        return limits_told(
            await changed(
                info,
                lambda services, context: services.organization_limits.replace(
                    context, own, limits=wanted, expects=number
                ),
            )
        )

    @mutation(description="Let models be asked otherwise; all settings are replaced.")
    async def replace_models(
        self,
        info: Info,
        settings: Json,
        *,
        project: strawberry.ID | None = None,
        expects: Whole | None = None,
    ) -> ModelSettings | None:
        """Return the settings; without a project they are the organization's, for owners."""
        use, version = fitting(USE, settings, argument="settings"), expected_of(expects)
        if project is None:
            own = organization_of(info)
            return settings_told(
                await changed(
                    info,
                    lambda services, context: services.models.uses.replace_of_organization(
                        context, own, use=use, expects=version
                    ),
                )
            )
        place = named_project(project)
        return settings_told(
            await changed(
                info,
                lambda services, context: services.models.uses.replace_of_project(
                    context, place, use=use, expects=version
                ),
            )
        )

    @mutation(description="Keep what a report says of a model; takes an owner or a service.")
    async def upload_gate(
        self, info: Info, model: str, environment: str, *, report: Json
    ) -> Gate | None:
        """Return the verdict; a report that was brought before is answered as it was then."""
        own = organization_of(info)
        brought = fitting(REPORT, report, argument="report")
        of = fitting(NAMED, model, argument="model")
        within = fitting(NAMED, environment, argument="environment")
        return gate_told(
            await changed(
                info,
                lambda services, context: services.gates.upload(
                    context, own, report=brought, model=of, environment=within
                ),
            )
        )

    @mutation(description="Let a plugin act in the organization again; takes an owner.")
    async def enable_plugin(self, info: Info, name: str) -> Plugin | None:
        """Return the plugin."""
        return await _switched(info, name, enabled=True)

    @mutation(description="Refuse a plugin's actions and effects from now on; takes an owner.")
    async def disable_plugin(self, info: Info, name: str) -> Plugin | None:
        """Return the plugin."""
        return await _switched(info, name, enabled=False)


async def _switched(info: Info, name: str, *, enabled: bool) -> Plugin:
    own = organization_of(info)
    text_of(name, argument="name", most=MOST_PLUGIN_NAME)
    return plugin_told(
        await changed(
            info,
            lambda services, context: services.plugins.switch(
                context, own, name=name, enabled=enabled
            ),
        )
    )
