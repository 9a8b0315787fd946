"""AWS's clients as a laptop uses them: patient, never repeating by themselves, with errors that name the way out."""

from __future__ import annotations

from typing import Any

from .errors import CacheError, CacheRefused, CacheUnreachable, InvalidEndpoint

NO_CREDENTIALS = 'no AWS credentials were found here; for the sandbox: eval "$(python -m sandbox env)"'
_DENIED = {"AccessDeniedException", "AccessDenied", "UnauthorizedOperation"}
_EXPIRED = {
    "ExpiredTokenException",
    "ExpiredToken",
    "RequestExpired",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
}


def aws_client(service: str, region: str | None, read_timeout: float = 20) -> Any:
    """A client of one service; whoever wants another try asks for it."""
    from boto3.session import Session
    from botocore.config import Config

    # A repeated invoke would run a drill twice.
    config = Config(connect_timeout=5, read_timeout=read_timeout, retries={"total_max_attempts": 1})
    session: Any = Session(region_name=region)
    return session.client(service, config=config)


class explained:
    """Turns AWS's errors into the client's own, each with the way out."""

    def __init__(self, doing: str) -> None:
        self._doing = doing

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        from botocore.exceptions import (
            BotoCoreError,
            ClientError,
            NoCredentialsError,
            NoRegionError,
            TokenRetrievalError,
            UnauthorizedSSOTokenError,
        )

        if isinstance(error, ClientError):
            raise _refusal(self._doing, error) from error
        if isinstance(error, NoRegionError):
            raise InvalidEndpoint(f"{self._doing}: set AWS_REGION to the stack's region") from error
        if isinstance(error, NoCredentialsError):
            raise CacheRefused(f"{self._doing}: {NO_CREDENTIALS}", "AWS") from error
        if isinstance(error, (TokenRetrievalError, UnauthorizedSSOTokenError)):
            raise CacheRefused(f"{self._doing}: your AWS login has expired: {error}", "AWS") from error
        if isinstance(error, BotoCoreError):
            raise CacheUnreachable(f"{self._doing}: {error}", "aws") from error


def _refusal(doing: str, error: Any) -> CacheError:
    code, message = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
    if code in {"InvalidInstanceId", "TargetNotConnected"}:
        return CacheUnreachable(
            f"{doing}: Systems Manager does not reach the instance. It is stopped, still booting, or cannot reach the "
            "ssm and ssmmessages endpoints",
            "aws",
        )
    if code in _DENIED:
        return CacheRefused(f"{doing}: your AWS identity may not do that: {message}", "AWS")
    if code in _EXPIRED:
        return CacheRefused(f"{doing}: your AWS credentials are not valid, or have expired: {message}", "AWS")
    return CacheUnreachable(f"{doing}: {code}: {message}", "aws")
