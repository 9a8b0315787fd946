"""moto's way in: parses a request by botocore's model, calls the operation, and serializes its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.session import get_session
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import camelcase_to_underscores

from . import operations  # noqa: F401 - fills the table
from .errors import not_modelled
from .registry import OPERATIONS

if TYPE_CHECKING:
    from .service import Service


def response_class(service: Service) -> type[BaseResponse]:
    """A class with one method per operation of the API's model; those not in the table refuse by name."""
    names = get_session().get_service_model("elasticache").operation_names
    methods: dict[str, Any] = {camelcase_to_underscores(name): _method(service, name) for name in names}
    return type("ElastiCacheResponse", (_Response,), methods)


class _Response(BaseResponse):
    def __init__(self) -> None:
        super().__init__(service_name="elasticache")
        self.automated_parameter_parsing = True


def _method(service: Service, name: str) -> Callable[[_Response], ActionResult]:
    def call(self: _Response) -> ActionResult:
        function = OPERATIONS.get(name)
        if function is None:
            raise not_modelled(f"ElastiCache's operation {name}")
        with service.lock:
            answer = function(service, service.store(self.region), dict(self.params))
        return ActionResult(answer or {})

    return call
