"""Wire the runtime: the only place that picks adapters.

chat_models   model references -> ChatModel
collector     the garbage collector, settled for a service
environments  installed plugins -> compiled environments
own_rules     an organization's modules -> what decides in a sandbox
platform      settings -> every use case of the platform, opened and closed as one
"""
