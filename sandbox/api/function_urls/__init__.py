"""Function URLs over HTTP: by the URL's own name, and on the API's port for a person.

The name resolves in the VPCs' subnets that lead to the internet, as function URLs have no VPC endpoint. Outside it is
nobody's, so the API's port answers to a `Host` header of that name, and to `/_function-url/ID/` for whoever just
pastes an address.
"""

from .serving import FunctionUrls, local_address

__all__ = ["FunctionUrls", "local_address"]
