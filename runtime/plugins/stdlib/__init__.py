"""Hold the built-in environments, written as any third party would write theirs."""
