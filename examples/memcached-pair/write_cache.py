"""Ask for a city, or take it as an argument, and store it in the cache under the key `City`."""

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
    city = " ".join(sys.argv[1:]) or input("City: ")
    try:
        # Read from Parameter Store, and decrypted there: only this instance's role may do that.
        endpoint = Endpoint.from_environment()
        if endpoint.tls:  # which libmemcached does not speak
            with connect(endpoint, deadline_seconds=2.0) as cache:
                cache.set(KEY, city)
        elif not open_libmemcached(endpoint).set(KEY, city.encode()):
            sys.exit(f"error: {endpoint.address} did not take the city")
    except (CacheError, pylibmc.Error) as error:
        sys.exit(f"error: {error}")
    print(f"{KEY} is {city}")


main()
