"""Wire the runtime: the only place that picks adapters.

chat_models   model references -> ChatModel
collector     the garbage collector, settled for a service
environments  installed plugins -> compiled environments
platform      settings -> every use case of the platform, opened and closed as one
"""
