"""Prove agents: replay golden scenarios, score their plans in the real engine, gate changes."""
