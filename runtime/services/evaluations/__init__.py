"""Take verdicts of evaluations, and say whether what is to run has passed one."""
