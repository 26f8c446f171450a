"""Documents of the REST API, a module a tag."""
