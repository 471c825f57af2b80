"""What the project teaches ministack, the embedded AWS: types and APIs that it lacks, and to refuse what AWS refuses.

One module a service, each with a table of handlers, which are served through the emulator's own service APIs, and a
table of refusals. Nothing here starts a process: where a database or a machine must follow, taught.drill sends an event.
"""
