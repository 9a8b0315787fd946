"""Function URLs: who may call them, the event that the function gets, and what becomes of its answer."""

from __future__ import annotations

import base64
import http.client
import io
import json
import os
import shutil
import subprocess
import zipfile
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .conftest import REGION
from .helpers import refused
from .roles import ACCOUNT, Role, allow, arn

FORBIDDEN = "Forbidden. For troubleshooting Function URL authorization issues, see: "
TRUST = '{"Statement": []}'
KEY = ("id", "secret", None)
BOTH = ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"]


class RecordingFunctions:
    """Answers with what it was told to, and keeps the events."""

    def __init__(self):
        self.events = []
        self.payload = b'{"ok": true}'
        self.headers = {}

    def invoke(self, function, body, kind):
        self.events.append(json.loads(body))
        return self.payload, self.headers


@pytest.fixture
def functions(api):
    api.context.parts["functions"] = recording = RecordingFunctions()
    api.context.deployer = ("id", "secret")
    yield recording
    api.context.deployer = None
    del api.context.parts["functions"]


@pytest.fixture
def function(api, functions):
    """A function with a URL for signed calls."""
    made = Function(api, "signed")
    yield made
    made.delete()


@pytest.fixture
def public(api, functions):
    """A function with a URL for everybody, without the permissions that this needs."""
    made = Function(api, "public", "NONE")
    yield made
    made.delete()


class Function:
    def __init__(self, api, name, auth_type="AWS_IAM"):
        self.api, self.name, self.lambda_ = api, name, api.client("lambda")
        role = Role(api).arn
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as package:
            package.writestr("app.py", "")
        self.lambda_.create_function(
            FunctionName=name,
            Code={"ZipFile": code.getvalue()},
            Runtime="python3.13",
            Handler="app.handler",
            Role=role,
        )
        self.config = self.lambda_.create_function_url_config(FunctionName=name, AuthType=auth_type)
        self.url = self.config["FunctionUrl"]
        self.host = urlsplit(self.url).netloc

    def delete(self):
        self.lambda_.delete_function(FunctionName=self.name)

    def permit(self, action, principal="*", **condition):
        self.lambda_.add_permission(
            FunctionName=self.name,
            StatementId=f"{action.rpartition(':')[2]}-{len(condition)}",
            Action=action,
            Principal=principal,
            **condition,
        )

    def permit_both(self, principal="*", auth_type="NONE"):
        self.permit(BOTH[0], principal, FunctionUrlAuthType=auth_type)
        self.permit(BOTH[1], principal, InvokedViaFunctionUrl=True)

    def request(self, path="/", method="GET", body=b"", headers=None, host=None):
        """(status, headers, body) of a plain request with the URL's name in its Host header."""
        connection = http.client.HTTPConnection("127.0.0.1", self.api.server.port, timeout=10)
        connection.request(method, path, body, {"Host": host or self.host, **(headers or {})})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, answer.headers, content

    def call(
        self,
        path="/",
        method="GET",
        body=b"",
        headers=None,
        key=("id", "secret", None),
        scope=("lambda", REGION),
    ):
        """A signed request, as (status, headers, body)."""
        request = AWSRequest(method, f"https://{self.host}{path}", data=body, headers=headers or {})
        SigV4Auth(Credentials(*key), *scope).add_auth(request)
        return self.request(path, method, body, dict(request.headers))

    def call_as(self, role, **more):
        held = role.credentials
        return self.call(key=(held["AccessKeyId"], held["SecretAccessKey"], held["SessionToken"]), **more)


def test_the_url_has_awss_form(api, function):
    url_id = function.host.partition(".")[0]
    assert function.url == f"https://{url_id}.lambda-url.{REGION}.on.aws/"
    assert (len(url_id), url_id.isalnum(), function.config["AuthType"]) == (32, True, "AWS_IAM")
    read = function.lambda_.get_function_url_config(FunctionName="signed")
    assert (read["FunctionUrl"], read["InvokeMode"]) == (function.url, "BUFFERED")


def test_a_signed_call_is_answered(function, functions):
    status, headers, body = function.call()
    assert (status, headers["Content-Type"], body) == (200, "application/json", b'{"ok": true}')


def test_a_call_without_a_signature_is_forbidden(function, functions):
    status, headers, body = function.request()
    assert (status, headers["x-amzn-ErrorType"]) == (403, "AccessDeniedException")
    assert json.loads(body)["Message"].startswith(FORBIDDEN)
    assert functions.events == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"key": ("id", "guessed", None)}, "InvalidSignatureException"),
        ({"key": ("AKIAGUESSED", "secret", None)}, "UnrecognizedClientException"),
        ({"scope": ("execute-api", REGION)}, "InvalidSignatureException"),
        ({"scope": ("lambda", "us-east-1")}, "InvalidSignatureException"),
    ],
)
def test_a_wrong_signature_is_told_so(function, functions, wrong, code):
    status, headers, body = function.call(**wrong)
    assert (status, headers["x-amzn-ErrorType"]) == (403, code)
    assert list(json.loads(body)) == ["message"]
    assert functions.events == []


def test_what_was_signed_cannot_be_changed(function, functions):
    request = AWSRequest("POST", f"https://{function.host}/a?b=1", data=b"body")
    SigV4Auth(Credentials("id", "secret"), "lambda", REGION).add_auth(request)
    headers = dict(request.headers)
    assert function.request("/a?b=1", "POST", b"body", headers)[0] == 200
    for path, method, body in (
        ("/a?b=2", "POST", b"body"),
        ("/c?b=1", "POST", b"body"),
        ("/a?b=1", "PUT", b"body"),
    ):
        assert function.request(path, method, body, headers)[0] == 403
    assert function.request("/a?b=1", "POST", b"other", headers)[0] == 403
    assert len(functions.events) == 1


@pytest.mark.parametrize(
    ("actions", "status"), [(BOTH, 200), (BOTH[:1], 403), (BOTH[1:], 403), ([], 403), (["lambda:*"], 200)]
)
def test_a_role_needs_both_permissions(api, function, functions, actions, status):
    target = arn("lambda", "function:signed")
    role = Role(api, *([allow(actions, target)] if actions else []))
    assert function.call_as(role)[0] == status


def test_the_functions_own_policy_lets_a_role_in_by_name_and_the_account_to_its_own_policies(api, function):
    named, other = Role(api), Role(api)
    function.permit_both(named.arn, "AWS_IAM")
    assert (function.call_as(named)[0], function.call_as(other)[0]) == (200, 403)
    account = Function(api, "by-account")
    account.permit_both(ACCOUNT, "AWS_IAM")
    allowed = Role(api, allow(BOTH))
    assert (account.call_as(other)[0], account.call_as(allowed)[0]) == (403, 200)
    account.delete()


def test_a_permission_for_calls_through_the_url_is_not_one_to_invoke(api, function):
    condition = {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}
    role = Role(api, allow("lambda:InvokeFunction", Condition=condition), allow("lambda:InvokeFunctionUrl"))
    assert function.call_as(role)[0] == 200
    with refused("AccessDeniedException", "lambda:InvokeFunction"):
        role.client("lambda").invoke(FunctionName="signed")


def test_a_public_url_needs_both_public_permissions(public):
    assert public.request()[0] == 403
    public.permit(BOTH[0], FunctionUrlAuthType="NONE")
    assert public.request()[0] == 403
    public.permit(BOTH[1], InvokedViaFunctionUrl=True)
    assert public.request()[0] == 200


def test_a_public_permission_for_signed_calls_opens_nothing(public):
    public.permit_both(auth_type="AWS_IAM")
    assert public.request()[0] == 403


def test_a_permission_reads_as_the_statement_that_aws_makes_of_it(function):
    function.permit_both(ACCOUNT, "AWS_IAM")
    policy = json.loads(function.lambda_.get_policy(FunctionName="signed")["Policy"])
    common = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Resource": arn("lambda", "function:signed"),
    }
    assert [{name: value for name, value in one.items() if name != "Sid"} for one in policy["Statement"]] == [
        {
            **common,
            "Action": BOTH[0],
            "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}},
        },
        {**common, "Action": BOTH[1], "Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}},
    ]


def test_the_event_has_the_payload_format_2_0(function, functions):
    headers = {
        "Content-Type": "application/json",
        "X-Custom": "yes",
        "Cookie": "a=1; b=2",
        "User-Agent": "test",
    }
    function.call("/some/path?x=1&y=2&x=3", "POST", b'{"n": 1}', headers)
    (event,) = functions.events
    context, url_id = event["requestContext"], function.host.partition(".")[0]
    assert (event["version"], event["rawPath"], event["rawQueryString"]) == (
        "2.0",
        "/some/path",
        "x=1&y=2&x=3",
    )
    assert event["queryStringParameters"] == {"x": "1,3", "y": "2"}
    assert event["cookies"] == ["a=1", "b=2"]
    assert (event["body"], event["isBase64Encoded"]) == ('{"n": 1}', False)
    assert (event["headers"]["x-custom"], event["headers"]["host"]) == ("yes", function.host)
    assert not {"authorization", "cookie"} & set(event["headers"])
    assert (context["apiId"], context["domainName"], context["domainPrefix"]) == (
        url_id,
        function.host,
        url_id,
    )
    assert (context["http"]["method"], context["http"]["path"]) == ("POST", "/some/path")
    assert context["http"]["userAgent"] == "test"
    assert context["accountId"] == ACCOUNT
    assert context["authorizer"]["iam"]["userArn"] == f"arn:aws:iam::{ACCOUNT}:root"


def test_a_role_is_named_in_the_event_and_its_token_is_not(api, function, functions):
    role = Role(api, allow("lambda:*"))
    function.call_as(role)
    (event,) = functions.events
    assert event["requestContext"]["authorizer"]["iam"]["userArn"] == role.session_arn
    assert role.credentials["SessionToken"] not in json.dumps(event)


def test_nobody_is_named_in_the_event_of_a_public_call(public, functions):
    public.permit_both()
    public.request("/", "POST", b"\x00\xff")
    (event,) = functions.events
    assert event["requestContext"]["accountId"] == "anonymous"
    assert "authorizer" not in event["requestContext"]
    assert (base64.b64decode(event["body"]), event["isBase64Encoded"]) == (b"\x00\xff", True)


@pytest.mark.parametrize(
    ("payload", "status", "headers", "body"),
    [
        ('"Hello"', 200, {"Content-Type": "application/json"}, b'"Hello"'),
        ('{"a": 1}', 200, {"Content-Type": "application/json"}, b'{"a": 1}'),
        ("null", 200, {"Content-Type": "application/json"}, b"null"),
        ('{"statusCode": 204}', 204, {"Content-Type": "application/json"}, b""),
        (
            '{"statusCode": 201, "headers": {"content-type": "text/html", "x-n": 7, "x-b": true}, "body": "<p>"}',
            201,
            {"Content-Type": "text/html", "x-n": "7", "x-b": "true"},
            b"<p>",
        ),
        ('{"statusCode": 200, "body": "AP8=", "isBase64Encoded": true}', 200, {}, b"\x00\xff"),
        ('{"statusCode": "302", "headers": {"Location": "/x"}, "body": ""}', 302, {"Location": "/x"}, b""),
        ('{"statusCode": 999}', 502, {}, b"Internal Server Error"),
        ('{"statusCode": 200, "body": {"a": 1}}', 502, {}, b"Internal Server Error"),
        ('{"statusCode": 200, "body": "?", "isBase64Encoded": true}', 502, {}, b"Internal Server Error"),
    ],
)
def test_what_the_function_answers_becomes_the_response(function, functions, payload, status, headers, body):
    functions.payload = payload.encode()
    got = function.call()
    assert (got[0], got[2]) == (status, body)
    assert {name: got[1][name] for name in headers} == headers


def test_each_cookie_is_a_header_of_its_own(function, functions):
    functions.payload = b'{"statusCode": 200, "cookies": ["a=1; Secure", "b=2"]}'
    assert function.call()[1].get_all("Set-Cookie") == ["a=1; Secure", "b=2"]


def test_a_function_that_fails_is_a_bad_gateway(function, functions):
    functions.payload, functions.headers = (
        b'{"errorMessage": "the reason"}',
        {"x-amz-function-error": "Unhandled"},
    )
    status, _, body = function.call()
    assert (status, body) == (502, b"Internal Server Error")


def test_a_person_pastes_the_local_address(api, public, functions):
    public.permit_both()
    url_id = public.host.partition(".")[0]
    local = f"127.0.0.1:{api.server.port}"
    status, _, body = public.request(f"/_function-url/{url_id}/some/path?x=1", host=local)
    assert (status, body) == (200, b'{"ok": true}')
    assert (functions.events[0]["rawPath"], functions.events[0]["rawQueryString"]) == ("/some/path", "x=1")


def test_a_url_that_is_nobodys_is_not_found(api, function):
    for host, path in (
        ("0" * 32 + f".lambda-url.{REGION}.on.aws", "/"),
        ("127.0.0.1", "/_function-url/none/"),
    ):
        assert function.request(path, host=host)[0] == 404
    function.lambda_.delete_function_url_config(FunctionName="signed")
    assert function.call()[0] == 404


def test_cors_is_refused_as_not_modelled(function):
    function.lambda_.update_function_url_config(FunctionName="signed", Cors={"AllowOrigins": ["*"]})
    status, headers, body = function.call()
    assert (status, headers["x-amzn-ErrorType"]) == (501, "NotImplemented")
    assert "without CORS and streaming only" in json.loads(body)["message"]


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl here")
@pytest.mark.parametrize(("secret", "status"), [("secret", 200), ("guessed", 403)])
def test_curl_calls_it_signed(api, function, functions, secret, status, tmp_path):
    url_id = function.host.partition(".")[0]
    local = f"--output {tmp_path}/body {api.server.url}/_function-url/{url_id}/"
    script = (
        """printf 'user = "%s:%s"' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" | """
        f"curl --silent --config - --aws-sigv4 aws:amz:{REGION}:lambda "
        f"""-H "x-amz-security-token: $AWS_SESSION_TOKEN" --write-out '%{{http_code}}' {local}"""
    )
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": secret,
        "NO_PROXY": "127.0.0.1",
    }
    environment["AWS_SESSION_TOKEN"] = ""
    done = subprocess.run(
        ["sh", "-c", script], env=environment, capture_output=True, text=True, timeout=20, check=True
    )
    assert done.stdout == str(status)
