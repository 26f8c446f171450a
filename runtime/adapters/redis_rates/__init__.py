"""Rates across projects, counted in Redis: each organization's by one server.

opening         open_rates: addresses -> SharedRates
rates           the port: which server, what is asked, what its answer means
server          one Redis: scripts run in bounded time, every failure is one error
scripts         what runs inside Redis; granting is a part of it
"""
