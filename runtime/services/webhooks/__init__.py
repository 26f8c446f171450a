"""Use cases of outbound webhooks: endpoints, what they are sent, and how it is delivered."""
