"""Verify identities of OIDC issuers: bearer tokens, and logins by code flow with PKCE."""
