"""Serve the platform's use cases as GraphQL, with the decisions of REST and limits of its own."""
