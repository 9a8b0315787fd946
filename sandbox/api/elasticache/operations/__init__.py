"""The operations, one noun a file. Importing this package fills the table in `registry`."""

from . import (  # noqa: F401
    cache_clusters,
    engine_versions,
    events,
    parameter_groups,
    replica_count,
    replication_group_changes,
    replication_groups,
    snapshots,
    subnet_groups,
    tags,
)
