"""Alarms without measurements, and addresses that nobody confirmed: moto's are fine and subscribed from the start."""

from __future__ import annotations

from typing import Any

from .patch import around, named

NO_DATA = "INSUFFICIENT_DATA"


def install() -> None:
    """Patches what becomes of a new alarm and of a new subscription."""
    from moto.cloudwatch.models import CloudWatchBackend
    from moto.sns.models import SNSBackend

    @around(CloudWatchBackend, "put_metric_alarm")
    def put(original: Any, *args: Any, **kwargs: Any) -> Any:
        given = named(original, *args, **kwargs)
        before = given["self"].alarms.get(given["name"])
        alarm = original(**given)
        alarm.state_value = before.state_value if before else NO_DATA
        return alarm

    @around(SNSBackend, "subscribe")
    def subscribe(original: Any, backend: Any, topic_arn: str, endpoint: str, protocol: str) -> Any:
        known = set(backend.subscriptions)
        subscription = original(backend, topic_arn, endpoint, protocol)
        if protocol.startswith("email") and subscription.arn not in known:
            subscription.attributes |= {"PendingConfirmation": True, "ConfirmationWasAuthenticated": False}
        return subscription
