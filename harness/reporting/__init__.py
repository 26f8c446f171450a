"""Tell people what a run found: on the terminal, as a page, as JUnit and as Markdown."""
