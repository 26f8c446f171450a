"""The console: pages for people, over the REST API and nothing else of the platform."""
