"""Run real Postgres and Redis from the binaries of wheels, as children that die with us."""
