"""The front: a process before a cache server, on the node's own address and port.

It does what the servers cannot: one port for clients with and without TLS, Memcached's Auto Discovery, TLS for
Memcached (its own cannot be looked into), slow replies and lost ones. Everything else passes byte for byte.

    python -c PROGRAM < SETTINGS

in the node's directory. SETTINGS is one JSON object (`settings.Settings`); changes come later, as JSON lines on the
socket `front.sock`, each answered with `ok`. Standard library only, and little of it, as every node may have one.
"""
