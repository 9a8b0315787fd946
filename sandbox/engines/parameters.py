"""ElastiCache's parameters in the words of the server's configuration."""

from __future__ import annotations

LIMIT = "client-output-buffer-limit"
CLASSES = ("normal", "pubsub")
PARTS = ("hard-limit", "soft-limit", "soft-seconds")


def translated(parameters: dict[str, str]) -> dict[str, str]:
    """The parameters with ElastiCache's three per buffer class joined into the server's one.

    Names that the server does not know stay as they are; it refuses them, and the refusal is reported.
    """
    joined, limits = dict(parameters), []
    for kind in CLASSES:
        names = [f"{LIMIT}-{kind}-{part}" for part in PARTS]
        if all(name in joined for name in names):
            limits += [kind, *(joined.pop(name) for name in names)]
    return {**joined, LIMIT: " ".join(limits)} if limits else joined
