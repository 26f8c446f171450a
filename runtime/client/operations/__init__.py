"""Operations of the REST API, a class a tag."""
