"""Execute plans: wait in line, gather facts, judge, commit once, and read what came of it."""
