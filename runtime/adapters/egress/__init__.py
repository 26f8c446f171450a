"""The one way out: requests to addresses that were looked up once, judged, and then connected to.

client                  the Egress role: send a request, read a bounded answer
wire                    how many bytes an answer may have, whatever they are
slots                   how many at once, a host and in all
headers                 what a request says of itself; Standard Webhooks signatures
gate                    target -> the addresses that it may be reached at
target, rules           reading an address as one reader; what the operator allows
resolving               names -> addresses, bounded
named_hosts             the resolver of clients that only an operator points anywhere
browser_gate            the same gate as a proxy, the only way out of a browser
"""
