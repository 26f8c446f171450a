"""Number records in a log, prove it, copy it, and let those read it who may."""
