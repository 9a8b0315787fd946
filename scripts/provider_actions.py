"""IAM actions: how an operation of AWS's API is called there, and what the real provider needs besides.

The first comes from the service authorization reference, the second from the source of Terraform's AWS provider and
the services' documentation; neither was tried with an account.
"""

from __future__ import annotations

_PREFIXES = {"monitoring": "cloudwatch"}
# Everywhere else the action has the operation's name.
_OTHER_NAMES = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:HeadObject": "s3:GetObject",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:DeleteBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:DeletePublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:DeleteBucketTagging": "s3:PutBucketTagging",
}

KNOWN = {
    "aws:cloudwatch/logGroup:LogGroup": (
        "logs:DeleteRetentionPolicy",
        "logs:ListTagsForResource",
        "logs:PutRetentionPolicy",
        "logs:TagResource",
        "logs:UntagResource",
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": (
        "ec2:RevokeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupIngress",
    ),
    "aws:ec2/flowLog:FlowLog": (
        "iam:PassRole",
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
    ),
    "aws:ec2/instance:Instance": (
        "ec2:DescribeImages",
        "ec2:DescribeInstanceAttribute",
        "ec2:DescribeInstanceCreditSpecifications",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeTags",
        "ec2:DescribeVolumes",
        "ec2:DescribeVpcs",
        "ec2:ModifyInstanceAttribute",
        "ec2:ModifyInstanceMetadataOptions",
        "ec2:MonitorInstances",
        "ec2:StartInstances",
        "ec2:StopInstances",
        "ec2:UnmonitorInstances",
    ),
    "aws:ec2/securityGroup:SecurityGroup": (
        "ec2:DescribeNetworkInterfaces",
        "ec2:RevokeSecurityGroupEgress",
    ),
    "aws:ec2/subnet:Subnet": (
        "ec2:DescribeNetworkInterfaces",
        "ec2:ModifySubnetAttribute",
    ),
    "aws:ec2/vpc:Vpc": (
        "ec2:DescribeNetworkAcls",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeVpcAttribute",
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": (
        "ec2:DescribePrefixLists",
        "ec2:ModifyVpcEndpoint",
    ),
    "aws:elasticache/cluster:Cluster": (
        "elasticache:ModifyCacheCluster",
        "iam:CreateServiceLinkedRole",
    ),
    "aws:elasticache/parameterGroup:ParameterGroup": (
        "elasticache:ModifyCacheParameterGroup",
        "elasticache:ResetCacheParameterGroup",
    ),
    # CloudWatch delivers a cache's logs by a delivery and a resource policy, made in the name of whoever turns them on.
    "aws:elasticache/replicationGroup:ReplicationGroup": (
        "elasticache:DecreaseReplicaCount",
        "elasticache:DescribeCacheClusters",
        "elasticache:IncreaseReplicaCount",
        "elasticache:ListTagsForResource",
        "elasticache:ModifyReplicationGroup",
        "iam:CreateServiceLinkedRole",
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
    ),
    "aws:elasticache/subnetGroup:SubnetGroup": ("elasticache:ModifyCacheSubnetGroup",),
    "aws:iam/instanceProfile:InstanceProfile": ("iam:PassRole",),
    "aws:iam/role:Role": (
        "iam:ListAttachedRolePolicies",
        "iam:ListInstanceProfilesForRole",
        "iam:ListRolePolicies",
        "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRole",
        "iam:UpdateRoleDescription",
    ),
    "aws:kms/alias:Alias": ("kms:UpdateAlias",),
    "aws:kms/key:Key": (
        "kms:DisableKeyRotation",
        "kms:EnableKeyRotation",
        "kms:GetKeyPolicy",
        "kms:GetKeyRotationStatus",
        "kms:ListResourceTags",
        "kms:PutKeyPolicy",
        "kms:UpdateKeyDescription",
    ),
    "aws:lambda/function:Function": (
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcs",
        "iam:PassRole",
        "lambda:GetFunctionCodeSigningConfig",
        "lambda:ListVersionsByFunction",
        "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration",
    ),
    "aws:s3/bucket:Bucket": (
        "s3:GetAccelerateConfiguration",
        "s3:GetBucketAcl",
        "s3:GetBucketCORS",
        "s3:GetBucketLogging",
        "s3:GetBucketObjectLockConfiguration",
        "s3:GetBucketPolicy",
        "s3:GetBucketRequestPayment",
        "s3:GetBucketTagging",
        "s3:GetBucketVersioning",
        "s3:GetBucketWebsite",
        "s3:GetEncryptionConfiguration",
        "s3:GetLifecycleConfiguration",
        "s3:GetReplicationConfiguration",
        "s3:ListBucket",
    ),
    "aws:s3/bucketObjectv2:BucketObjectv2": (
        "s3:DeleteObjectVersion",
        "s3:GetObjectTagging",
        "s3:PutObjectTagging",
    ),
    # A SecureString is encrypted and decrypted in the name of whoever writes and reads it.
    "aws:ssm/parameter:Parameter": (
        "kms:Decrypt",
        "kms:Encrypt",
        "kms:GenerateDataKey",
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": ("ec2:ModifySecurityGroupRules",),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ("ec2:ModifySecurityGroupRules",),
}
"""What the real provider calls, or AWS checks, for a resource type beyond what the record sees: reads of its own, and
changes of arguments that the recorded runs do not make."""


def action_of(service: str, operation: str) -> str:
    """The IAM action of an operation of botocore's."""
    name = f"{_PREFIXES.get(service, service)}:{operation}"
    if service == "lambda":
        name = name.removesuffix("20170331v2").removesuffix("20150331v2").removesuffix("20150331")
    return _OTHER_NAMES.get(name, name)
