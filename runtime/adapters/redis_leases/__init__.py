"""Leases in Redis: ordered by one server, or by a majority of several.

opening                 open_leases: addresses -> Leases
leases, turnstile       this process's tasks in line, one of which deals with Redis for a key
contest, ears           that one: ask, wait for a wake-up, ask again
tenure, keeper          what is held, and its renewal
grantor                 the role that one server and a quorum share
node, quorum, votes     who grants: one server in the order of asking, or a majority
scripts                 what runs inside Redis
wire, session, line     the connection for commands, shared by all tasks
bell                    the connection for wake-ups
timing, background      spans; tasks that nobody waits for
"""
