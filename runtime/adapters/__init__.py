"""Connect ports to real systems; each driver is imported in one module only."""
