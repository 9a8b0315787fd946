"""Print the city that the cache holds under the key `City`."""

import os
import sys

if not os.environ.get("PYTHONPATH", "").startswith("/opt/cache-client/"):
    # The system's Python has no client: leave this to the Python that has, with its libraries and environment.
    os.execv("/usr/local/bin/cache-python", ["cache-python", *sys.argv])

import pylibmc

from client import CacheError, Endpoint, connect
from client.libmemcached import open_libmemcached

KEY = "City"


def main() -> None:
    try:
        endpoint = Endpoint.from_environment()
        if endpoint.tls:
            with connect(endpoint, deadline_seconds=2.0) as cache:
                city = cache.get(KEY)
        else:
            city = open_libmemcached(endpoint).get(KEY)
    except (CacheError, pylibmc.Error) as error:
        sys.exit(f"error: {error}")
    if city is None:
        sys.exit(f"there is no {KEY} in the cache")
    print(city.decode())


main()
