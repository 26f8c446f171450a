"""Hold the use cases: gather facts, let the engine decide, write once."""
