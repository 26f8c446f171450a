"""Keep what models answered: record calls once, replay them for nothing, pay for none twice."""
