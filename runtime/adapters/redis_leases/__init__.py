"""Leases in Redis: ordered by one server, or by a majority of several.

opening      open_leases: URLs -> Leases
leases       this process's side: local order, tenures, renewal, hand-over
grantor      the role that one server and a quorum share
node, quorum who grants: one server in the order of asking, or a majority
scripts      what runs inside Redis
wire, bell   the connection for commands, the one for wake-ups
"""
