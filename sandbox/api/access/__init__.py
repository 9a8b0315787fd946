"""IAM as the sandbox enforces it: what a role's calls need, and whether its policies allow it.

Whoever holds the sandbox's own access key may do everything. A call with a role's credentials (an instance's, a
function's, or assumed by a person) needs what AWS asks for it, by the role's policies and by those of keys, buckets,
secrets and functions. What the tables do not hold is refused as not modelled: nothing is let through unproved.
"""

from .authorization import Access, Caller, Denied, Need

__all__ = ["Access", "Caller", "Denied", "Need"]
