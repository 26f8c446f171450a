"""Hold the pure tools that every layer may use: no I/O, no randomness, and time only in `clock`."""
