"""Ask a real OPA server, and give it what it has to know.

bundle      units of an organization -> the signed archive that an OPA loads
discovery   ids of organizations -> the signed archive that tells an OPA of their bundles
archive     files -> the archive, signed
signing     the signature in it
evaluator   questions -> answers, each looked at before it counts
answer      what is looked at
wire        one pool of kept connections to one server
"""
