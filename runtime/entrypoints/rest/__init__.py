"""Serve the platform over HTTP: routes under /v1, wire models, problem details."""
