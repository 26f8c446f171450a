"""The side effects that come with the platform.

plugin                  EFFECTS, and the plugin that offers them
http_call, mail_send, model_infer, browser_read     one each: its payload and its handler
references              {"input": "/pointer"} and {"answer": "/pointer"} in declared documents
payloads                reading a payload; the parts that several have
answers                 what is kept of an answer: bounded, without secrets
"""
