"""Hold the commands of `plangate eval`; each loads what it needs when it runs."""
