"""Hold the documents and the rules that need no driver, clock or network."""
