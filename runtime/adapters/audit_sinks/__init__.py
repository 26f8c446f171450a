"""Where immutable copies of audit records go, one module a kind of sink.

opening                 addresses -> sinks
s3, s3_bucket           S3 Object Lock: written, read back by version, locked until its time
splunk                  Splunk's event collector, acknowledged by its indexers
datadog                 Datadog's intake, which takes copies and proves nothing
files                   a folder of this machine, for development
parts                   a copy in pieces that no intake truncates
intake                  what Splunk and Datadog have in common: requests by the one way out
bounded                 blocking work in few threads, within a time
"""
