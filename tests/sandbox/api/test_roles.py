"""What a role may do at the API: its own policies, and those of keys, buckets and secrets."""

from __future__ import annotations

import urllib.error
import urllib.request
from datetime import timedelta

import pytest

from .conftest import REGION
from .helpers import refused
from .roles import ACCOUNT, Role, allow, arn, deny, document

HIDDEN = "The ciphertext refers to a customer master key that does not exist"
SSM = f"ssm.{REGION}.amazonaws.com"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


@pytest.fixture(scope="module")
def stored(running_api):
    """Parameters under two keys, a bucket and a secret."""
    return Stored(running_api)


class Stored:
    def __init__(self, api):
        self.api = api
        ssm, s3 = api.client("ssm"), api.client("s3")
        self.key, self.other_key = self.new_key(), self.new_key()
        for name, key in (("/app/db", self.key), ("/app/beside", self.key), ("/app/far", self.other_key)):
            ssm.put_parameter(Name=name, Value=f"value of {name}", Type="SecureString", KeyId=key)
        ssm.put_parameter(Name="/app/default", Value="hush", Type="SecureString")
        ssm.put_parameter(Name="/plain", Value="plain", Type="String")
        s3.create_bucket(Bucket="held", CreateBucketConfiguration={"LocationConstraint": REGION})
        for key in ("open/a b+c", "open/x", "openX", "shut/y"):
            s3.put_object(Bucket="held", Key=key, Body=b"content")
        secrets = api.client("secretsmanager")
        self.secret = secrets.create_secret(Name="db", SecretString="hush")["ARN"]
        self.other_secret = secrets.create_secret(Name="other", SecretString="hush")["ARN"]

    def new_key(self, *statements):
        options = {"Policy": document(*statements)} if statements else {}
        return self.api.client("kms").create_key(**options)["KeyMetadata"]["Arn"]

    def reader(self):
        """A role that may read two parameters, and decrypt the one of them."""
        condition = {
            "StringEquals": {
                "kms:ViaService": SSM,
                "kms:EncryptionContext:PARAMETER_ARN": [parameter("/app/db")],
            }
        }
        return Role(
            self.api,
            allow(
                "ssm:GetParameter", [parameter("/app/db"), parameter("/app/beside"), parameter("/app/far")]
            ),
            allow("kms:Decrypt", self.key, Condition=condition),
        )


def parameter(name):
    return arn("ssm", f"parameter{name}")


def value(role, name, decrypted=True):
    found = role.client("ssm").get_parameter(Name=name, WithDecryption=decrypted)
    return found["Parameter"]["Value"]


def test_a_role_reads_the_parameter_that_it_may_read(stored):
    role = stored.reader()
    assert value(role, "/app/db") == "value of /app/db"
    assert value(role, f"{parameter('/app/db')}:1") == "value of /app/db"


def test_another_parameter_is_refused_in_awss_words(stored):
    role = stored.reader()
    words = (
        f"User: {role.session_arn} is not authorized to perform: ssm:GetParameter on resource: {parameter('/plain')} "
        "because no identity-based policy allows the ssm:GetParameter action"
    )
    with refused("AccessDeniedException", words):
        value(role, "/plain")


@pytest.mark.parametrize("name", ["/app/beside", "/app/far"])
def test_a_value_is_refused_without_the_right_to_its_key_for_this_parameter(stored, name):
    role = stored.reader()
    with refused("AccessDeniedException", HIDDEN):
        value(role, name)
    assert "value of" not in value(role, name, decrypted=False)


def test_the_key_opens_nothing_but_through_the_service_that_the_policy_names(stored):
    blob = stored.api.client("kms").encrypt(
        KeyId=stored.key, Plaintext=b"z", EncryptionContext={"PARAMETER_ARN": parameter("/app/db")}
    )["CiphertextBlob"]
    with refused("AccessDeniedException", f"kms:Decrypt on resource: {stored.key}"):
        stored.reader().client("kms").decrypt(
            CiphertextBlob=blob, EncryptionContext={"PARAMETER_ARN": parameter("/app/db")}
        )


def test_awss_own_key_lets_everybody_in_who_may_read_the_parameter(stored):
    assert (
        value(Role(stored.api, allow("ssm:GetParameter", parameter("/app/default"))), "/app/default")
        == "hush"
    )


def test_one_refused_parameter_refuses_the_call_for_several(stored):
    role = Role(stored.api, allow("ssm:GetParameters", parameter("/plain")))
    assert role.client("ssm").get_parameters(Names=["/plain"])["Parameters"][0]["Value"] == "plain"
    with refused("AccessDeniedException", "ssm:GetParameters"):
        role.client("ssm").get_parameters(Names=["/plain", "/app/db"])


def test_a_path_is_a_resource_too_and_its_values_need_their_keys(stored):
    role = Role(stored.api, allow("ssm:GetParametersByPath", parameter("/app")))
    assert len(role.client("ssm").get_parameters_by_path(Path="/app")["Parameters"]) == 4
    with refused("AccessDeniedException", HIDDEN):
        role.client("ssm").get_parameters_by_path(Path="/app", WithDecryption=True)
    with refused("AccessDeniedException", "ssm:GetParametersByPath on resource"):
        role.client("ssm").get_parameters_by_path(Path="/")


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([allow("ssm:*")], True),
        ([allow("SSM:getparameter", parameter("/plain"))], True),
        ([allow("ssm:Get*", arn("ssm", "parameter/pl?in"))], True),
        ([allow("*", f"arn:aws:ssm:*:{ACCOUNT}:parameter/*")], True),
        ([allow("ssm:GetParameter", "arn:aws:ssm:*:parameter/plain")], False),
        ([allow("ssm:GetParameters", "*")], False),
        ([allow("ssm:*"), deny("ssm:GetParameter", parameter("/plain"))], False),
        ([allow("ssm:*"), deny("ssm:GetParameter", parameter("/other"))], True),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], True),
        ([{"Effect": "Allow", "NotAction": "ssm:Get*", "Resource": "*"}], False),
        ([{"Effect": "Allow", "Action": "ssm:*", "NotResource": parameter("/other")}], True),
        ([{"Effect": "Allow", "Action": "ssm:*", "NotResource": parameter("/pl*")}], False),
        ([allow("ssm:*"), {"Effect": "Deny", "Action": "*", "NotResource": parameter("/app/*")}], False),
        ([allow("ssm:*", Condition={"Bool": {"aws:SecureTransport": False}})], True),
        ([allow("ssm:*"), deny("*", Condition={"Bool": {"aws:SecureTransport": "false"}})], False),
        ([allow("ssm:*", Condition={"StringLike": {"aws:PrincipalArn": "*:role/role-*"}})], True),
        ([allow("ssm:*", Condition={"ArnLike": {"AWS:PrincipalArn": "arn:aws:iam::*:role/other-*"}})], False),
        ([allow("ssm:*", Condition={"StringNotEquals": {"aws:RequestedRegion": REGION}})], False),
        ([allow("ssm:*", Condition={"StringEquals": {"kms:ViaService": SSM}})], False),
        ([allow("ssm:*", Condition={"StringEqualsIfExists": {"kms:ViaService": SSM}})], True),
        ([allow("ssm:*", Condition={"Null": {"kms:ViaService": "true"}})], True),
        ([allow("ssm:*", "arn:aws:ssm:*:${aws:PrincipalAccount}:parameter/plain")], True),
    ],
)
def test_statements_are_evaluated_as_iam_does(stored, statements, allowed):
    role = Role(stored.api, *statements)
    if allowed:
        assert value(role, "/plain") == "plain"
    else:
        with refused("AccessDeniedException", "ssm:GetParameter"):
            value(role, "/plain")


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (
            {"DateLessThan": {"aws:PrincipalArn": "2099-01-01"}},
            "does not evaluate the condition operator DateLessThan",
        ),
        ({"ForAllValues:StringEquals": {"aws:PrincipalArn": "x"}}, "operator ForAllValues:StringEquals"),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, "does not know the condition key aws:sourceip"),
        ({"StringEquals": {"aws:PrincipalArn": "${aws:username}"}}, "policy variable ${aws:username}"),
    ],
)
@pytest.mark.parametrize("effect", [allow, deny])
def test_what_cannot_be_evaluated_is_an_error_that_says_so(stored, condition, said, effect):
    role = Role(stored.api, allow("ssm:GetParameters"), effect("ssm:GetParameter", Condition=condition))
    with refused("NotImplemented", said):
        value(role, "/plain")
    role.client("ssm").get_parameters(Names=["/plain"])


def test_an_explicit_deny_is_told_from_a_missing_allow(stored):
    role = Role(stored.api, allow("ssm:*"), deny("ssm:GetParameter", parameter("/plain")))
    with refused("AccessDeniedException", "with an explicit deny in an identity-based policy"):
        value(role, "/plain")


def test_a_managed_policy_of_aws_and_one_of_the_account_count(stored):
    role, iam = Role(stored.api), stored.api.client("iam")
    own = iam.create_policy(
        PolicyName="reads", PolicyDocument=document(allow("ssm:GetParameter", parameter("/plain")))
    )
    with refused("AccessDeniedException"):
        value(role, "/plain")
    iam.attach_role_policy(RoleName=role.name, PolicyArn=own["Policy"]["Arn"])
    assert value(role, "/plain") == "plain"
    iam.detach_role_policy(RoleName=role.name, PolicyArn=own["Policy"]["Arn"])
    iam.attach_role_policy(
        RoleName=role.name, PolicyArn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    )
    assert value(role, "/plain") == "plain"
    with refused("AccessDeniedException", HIDDEN):
        value(role, "/app/db")


def test_a_permissions_boundary_and_a_session_policy_only_take_away(stored):
    iam = stored.api.client("iam")
    boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=document(allow("s3:*")))["Policy"][
        "Arn"
    ]
    with refused(
        "AccessDeniedException", "because no permissions boundary allows the ssm:GetParameter action"
    ):
        value(Role(stored.api, allow("ssm:*"), PermissionsBoundary=boundary), "/plain")
    narrow = document(allow("ssm:*", parameter("/app/*")))
    role = Role(stored.api, allow("ssm:GetParameter"), session_policy=narrow)
    assert value(role, "/app/default") == "hush"
    with refused("AccessDeniedException", "because no session policy allows the ssm:GetParameter action"):
        value(role, "/plain")


@pytest.mark.parametrize(
    ("key_policy", "allowed"),
    [
        ({"Principal": {"AWS": ROOT}}, True),
        ({"Principal": {"AWS": ACCOUNT}, "Condition": {"StringEquals": {"kms:ViaService": SSM}}}, True),
        (
            {
                "Principal": {"AWS": ROOT},
                "Condition": {"StringEquals": {"kms:ViaService": "s3.eu.amazonaws.com"}},
            },
            False,
        ),
        ({"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/somebody"}}, False),
        ({"Principal": {"Service": "ssm.amazonaws.com"}}, False),
    ],
)
def test_a_key_opens_only_to_whom_its_policy_lets_in(stored, key_policy, allowed):
    key = stored.new_key({"Effect": "Allow", "Action": "kms:*", "Resource": "*", **key_policy})
    name = f"/keyed/{key[-12:]}"
    stored.api.client("ssm").put_parameter(Name=name, Value="open", Type="SecureString", KeyId=key)
    role = Role(stored.api, allow(["ssm:GetParameter", "kms:Decrypt"]))
    if allowed:
        assert value(role, name) == "open"
        with refused("AccessDeniedException", HIDDEN):
            value(Role(stored.api, allow("ssm:GetParameter")), name)
    else:
        with refused("AccessDeniedException", HIDDEN):
            value(role, name)


def test_a_key_policy_that_names_the_role_is_enough(stored):
    role = Role(stored.api, allow("ssm:GetParameter"))
    key = stored.new_key(
        {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", "Principal": {"AWS": role.arn}}
    )
    stored.api.client("ssm").put_parameter(Name="/named", Value="open", Type="SecureString", KeyId=key)
    assert value(role, "/named") == "open"


def content(role, key):
    return role.client("s3").get_object(Bucket="held", Key=key)["Body"].read()


@pytest.fixture
def fetcher(stored):
    return Role(stored.api, allow("s3:GetObject", "arn:aws:s3:::held/open/*"))


@pytest.mark.parametrize("key", ["open/x", "open/a b+c"])
def test_an_object_below_an_allowed_prefix_is_fetched(fetcher, key):
    assert content(fetcher, key) == b"content"
    assert fetcher.client("s3").head_object(Bucket="held", Key=key)["ContentLength"] == 7


@pytest.mark.parametrize("key", ["shut/y", "openX"])
def test_other_objects_are_refused_as_s3_does(fetcher, key):
    with refused("AccessDenied", f's3:GetObject on resource: "arn:aws:s3:::held/{key}"'):
        content(fetcher, key)


def test_two_dots_lead_to_no_other_object(fetcher):
    with refused("AccessDenied"):
        content(fetcher, "open/../shut/y")


def test_what_is_missing_is_told_only_to_whom_may_list(fetcher, stored):
    with refused("AccessDenied", "s3:ListBucket"):
        content(fetcher, "open/none")
    with refused("NoSuchKey"):
        content(Role(stored.api, allow(["s3:GetObject", "s3:ListBucket"])), "open/none")


def test_writing_and_listing_are_rights_of_their_own(fetcher, stored):
    s3 = fetcher.client("s3")
    with refused("AccessDenied", "s3:PutObject"):
        s3.put_object(Bucket="held", Key="open/x", Body=b"other")
    with refused("AccessDenied", "s3:ListBucket"):
        s3.list_objects_v2(Bucket="held")
    with refused("AccessDenied", "s3:ListAllMyBuckets"):
        s3.list_buckets()
    prefixed = {"StringLike": {"s3:prefix": "open/*"}}
    lister = Role(stored.api, allow("s3:ListBucket", "arn:aws:s3:::held", Condition=prefixed)).client("s3")
    assert lister.list_objects_v2(Bucket="held", Prefix="open/")["KeyCount"] == 2
    with refused("AccessDenied", "s3:ListBucket"):
        lister.list_objects_v2(Bucket="held")


def test_a_bucket_policy_gives_and_takes(stored):
    s3 = stored.api.client("s3")
    s3.create_bucket(Bucket="guarded", CreateBucketConfiguration={"LocationConstraint": REGION})
    for key in ("a", "b"):
        s3.put_object(Bucket="guarded", Key=key, Body=b"content")
    role, other = Role(stored.api), Role(stored.api, allow("s3:*"))
    s3.put_bucket_policy(
        Bucket="guarded",
        Policy=document(
            allow("s3:GetObject", "arn:aws:s3:::guarded/a", Principal={"AWS": role.arn}),
            deny("s3:*", "arn:aws:s3:::guarded/b", Principal="*"),
        ),
    )
    assert role.client("s3").get_object(Bucket="guarded", Key="a")["Body"].read() == b"content"
    with refused("AccessDenied", "with an explicit deny in a resource-based policy"):
        other.client("s3").get_object(Bucket="guarded", Key="b")


def test_a_secret_is_read_by_whom_may_read_this_one(stored):
    role = Role(stored.api, allow("secretsmanager:GetSecretValue", stored.secret)).client("secretsmanager")
    assert role.get_secret_value(SecretId=stored.secret)["SecretString"] == "hush"
    assert role.get_secret_value(SecretId="db")["SecretString"] == "hush"
    with refused(
        "AccessDeniedException", f"secretsmanager:GetSecretValue on resource: {stored.other_secret}"
    ):
        role.get_secret_value(SecretId="other")


def test_a_secret_under_a_key_needs_the_key(stored):
    secrets = stored.api.client("secretsmanager")
    secret = secrets.create_secret(Name="keyed", SecretString="hush", KmsKeyId=stored.key)["ARN"]
    reading = allow("secretsmanager:GetSecretValue", secret)
    with refused("AccessDeniedException", f"kms:Decrypt on resource: {stored.key}"):
        Role(stored.api, reading).client("secretsmanager").get_secret_value(SecretId=secret)
    via = {"StringEquals": {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}}
    role = Role(stored.api, reading, allow("kms:Decrypt", stored.key, Condition=via)).client("secretsmanager")
    assert role.get_secret_value(SecretId=secret)["SecretString"] == "hush"


def test_a_secret_is_no_parameter_without_its_own_right(stored):
    role = Role(stored.api, allow("ssm:*")).client("ssm")
    with refused("AccessDeniedException", "secretsmanager:GetSecretValue"):
        role.get_parameter(Name="/aws/reference/secretsmanager/db", WithDecryption=True)


def test_each_protocol_refuses_in_its_own_words(stored):
    role = Role(stored.api)
    with refused("UnauthorizedOperation", "not authorized to perform this operation. User: "):
        role.client("ec2").describe_subnets()
    with refused("AccessDenied", f"on resource: {arn('elasticache', 'replicationgroup:cache')} because"):
        role.client("elasticache").describe_replication_groups(ReplicationGroupId="cache")
    with refused("AccessDeniedException", "lambda:ListFunctions because no identity-based policy"):
        role.client("lambda").list_functions()
    with refused("AccessDeniedException", f"on resource: {arn('logs', 'log-group:/x:log-stream:s')} because"):
        role.client("logs").create_log_stream(logGroupName="/x", logStreamName="s")


def test_nobody_can_be_refused_his_own_name(stored):
    role = Role(stored.api)
    assert role.client("sts").get_caller_identity()["Arn"] == role.session_arn


@pytest.mark.parametrize(
    ("service", "method", "arguments"),
    [
        ("ssm", "put_parameter", {"Name": "/plain", "Value": "x", "Type": "String", "Overwrite": True}),
        ("iam", "list_users", {}),
        ("s3", "get_bucket_acl", {"Bucket": "held"}),
        ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16"}),
        ("sqs", "list_queues", {}),
    ],
)
def test_what_the_tables_do_not_hold_is_refused_as_not_modelled(stored, service, method, arguments):
    client = Role(stored.api, allow("*")).client(service)
    with refused("NotImplemented", "so no role may call it"):
        getattr(client, method)(**arguments)


def test_credentials_that_are_none_are_refused(stored):
    role, other = Role(stored.api, allow("ssm:*")), Role(stored.api)
    ssm = {"Name": "/plain"}
    with refused("UnrecognizedClientException", "The security token included in the request is invalid."):
        role.client("ssm", AccessKeyId="ASIAQQQQQQQQQQQQQQQQ").get_parameter(**ssm)
    with refused("InvalidSignatureException"):
        role.client("ssm", SecretAccessKey="guessed").get_parameter(**ssm)
    for token in ("guessed", other.credentials["SessionToken"]):
        with refused("UnrecognizedClientException"):
            role.client("ssm", SessionToken=token).get_parameter(**ssm)
    with refused("InvalidAccessKeyId"):
        role.client("s3", AccessKeyId="ASIAQQQQQQQQQQQQQQQQ").list_buckets()


def test_credentials_end(stored):
    from moto.sts.models import sts_backends

    role = Role(stored.api, allow("ssm:*"))
    session = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(role.credentials["AccessKeyId"])
    session.expiration -= timedelta(days=1)
    with refused("ExpiredTokenException", "expired"):
        value(role, "/plain")


def test_a_presigned_url_carries_the_rights_of_its_role(fetcher):
    s3 = fetcher.client("s3")

    def fetch(key, change=lambda url: url):
        url = s3.generate_presigned_url("get_object", Params={"Bucket": "held", "Key": key})
        with urllib.request.urlopen(change(url)) as answer:
            return answer.read()

    assert fetch("open/x") == b"content"
    for key, change in (("shut/y", str), ("open/x", lambda url: url.replace("open/x", "shut/y"))):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            fetch(key, change)


@pytest.mark.parametrize("path", ["/held/open/x", "/moto-api/reset"])
def test_nothing_is_answered_without_a_signature(api, stored, path):
    request = urllib.request.Request(api.server.url + path, method="POST")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request)
    assert api.client("ssm").get_parameter(Name="/plain")["Parameter"]["Value"] == "plain"


def test_a_request_that_could_be_read_as_another_one_is_refused(stored):
    role = Role(stored.api, allow("ssm:GetParameter", parameter("/plain"))).client("ssm")
    role.meta.events.register("before-sign.ssm.*", lambda request, **_: request.params.update(Name="/app/db"))
    with refused("NotImplemented", "in this form from a role"):
        role.get_parameter(Name="/plain")


def test_a_signature_by_the_key_of_the_sandbox_is_checked_too(api, stored):
    context = api.context
    context.deployer = ("id", "another-secret")
    try:
        with refused("InvalidSignatureException"):
            api.client("ssm").get_parameter(Name="/plain")
        context.deployer = ("another-id", "secret")
        with refused("UnrecognizedClientException"):
            api.client("ssm").get_parameter(Name="/plain")
        context.deployer = ("id", "secret")
        assert api.client("ssm").get_parameter(Name="/plain")["Parameter"]["Value"] == "plain"
    finally:
        context.deployer = None
