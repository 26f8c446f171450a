"""Ask a running platform for its proposals over its REST API, in place of a model."""
