"""Hold the operations of the REST API by their nouns.

Written by `python -m tests.docs.renew_client`; change the API, not this.
"""

from __future__ import annotations

from runtime.client.operations.approvals import Approvals
from runtime.client.operations.audit import Audit
from runtime.client.operations.conversations import Conversations
from runtime.client.operations.environments import Environments
from runtime.client.operations.evaluations import Evaluations
from runtime.client.operations.events import Events
from runtime.client.operations.exports import Exports
from runtime.client.operations.gates import Gates
from runtime.client.operations.health import Health
from runtime.client.operations.hooks import Hooks
from runtime.client.operations.invitations import Invitations
from runtime.client.operations.jobs import Jobs
from runtime.client.operations.me import Me
from runtime.client.operations.members import Members
from runtime.client.operations.memberships import Memberships
from runtime.client.operations.models import Models
from runtime.client.operations.organization_webhooks import OrganizationWebhooks
from runtime.client.operations.organizations import Organizations
from runtime.client.operations.outcomes import Outcomes
from runtime.client.operations.plans import Plans
from runtime.client.operations.plugins import Plugins
from runtime.client.operations.policies import Policies
from runtime.client.operations.projects import Projects
from runtime.client.operations.proposals import Proposals
from runtime.client.operations.registry import Registry
from runtime.client.operations.schedules import Schedules
from runtime.client.operations.secrets import Secrets
from runtime.client.operations.sessions import Sessions
from runtime.client.operations.state import State
from runtime.client.operations.tokens import Tokens
from runtime.client.operations.webhooks import Webhooks
from runtime.client.transport import Transport


class Surface:
    """Offer each kind of operations as an attribute."""

    def __init__(self, transport: Transport) -> None:
        """Keep by what to ask."""
        self.approvals = Approvals(transport)
        self.audit = Audit(transport)
        self.conversations = Conversations(transport)
        self.environments = Environments(transport)
        self.evaluations = Evaluations(transport)
        self.events = Events(transport)
        self.exports = Exports(transport)
        self.gates = Gates(transport)
        self.health = Health(transport)
        self.hooks = Hooks(transport)
        self.invitations = Invitations(transport)
        self.jobs = Jobs(transport)
        self.me = Me(transport)
        self.members = Members(transport)
        self.memberships = Memberships(transport)
        self.models = Models(transport)
        self.organization_webhooks = OrganizationWebhooks(transport)
        self.organizations = Organizations(transport)
        self.outcomes = Outcomes(transport)
        self.plans = Plans(transport)
        self.plugins = Plugins(transport)
        self.policies = Policies(transport)
        self.projects = Projects(transport)
        self.proposals = Proposals(transport)
        self.registry = Registry(transport)
        self.schedules = Schedules(transport)
        self.secrets = Secrets(transport)
        self.sessions = Sessions(transport)
        self.state = State(transport)
        self.tokens = Tokens(transport)
        self.webhooks = Webhooks(transport)
