"""Hold the `plangate` command."""
