"""The commands of the command line, one module each; modules that begin with an underscore are shared."""

SUMMARIES = {
    "bench": "Measure latency and throughput, each value read being verified.",
    "delete": "Remove KEY and its value, if there is one.",
    "discover": "Show the nodes, the configuration's version, the ring's fingerprint and the keys of each node.",
    "doctor": "Name the cause when it does not work: name, route, group, TLS, token, engine, wrong endpoint.",
    "failover": "Trigger a failover, a restart or a change of nodes, and measure it from every client.",
    "get": "Print the value under KEY, and end with 1 when there is none.",
    "put": "Store VALUE under KEY.",
    "verify": "Run every check; a table live, then the verdict.",
    "watch": "Write and read until Ctrl-C, and tell each gap as it begins and ends.",
    "work": "",  # what another client runs here, and no person
}
"""The first sentence of each command's help, so that the list of all of them imports none."""
