"""Say why one published entry can't become a scenario; the others are unaffected."""


class UnusableError(ValueError):
    """Report a declaration, an answer or a task that can't be imported."""
