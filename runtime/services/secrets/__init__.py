"""Read secrets while the platform runs: `reader` is the only door to those who keep them.

classes                for how long a value is fresh, and how old it may get
cache, budget          what is remembered, and how often providers are asked
prefixes, spaces       which references an organization may name
wishes, reader         what is wanted, and the door itself
named                  the secrets that side effects call by name
records, measures      what is written down of each fetch
rotations, watching    telling of a new value, and hearing of it in every process
"""
