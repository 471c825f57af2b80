"""CloudFormation: AWS::EC2::SecurityGroupIngress, SecurityGroupEgress and FlowLog."""

from taught import clients, cloudformation


def _permission(props, peer):
    """A rule of a template as one IpPermission of the API; peer is Source or Destination."""
    described = {"Description": props["Description"]} if props.get("Description") else {}
    permission = {name: props[name] for name in ("IpProtocol", "FromPort", "ToPort") if name in props}
    for given, lists, key in (
        ("CidrIp", "IpRanges", "CidrIp"),
        ("CidrIpv6", "Ipv6Ranges", "CidrIpv6"),
        (f"{peer}SecurityGroupId", "UserIdGroupPairs", "GroupId"),
        (f"{peer}PrefixListId", "PrefixListIds", "PrefixListId"),
    ):
        if props.get(given):
            permission[lists] = [{key: props[given], **described}]
    return permission


def _rule(direction, peer):
    def change(verb, props):
        asked = {"GroupId": props["GroupId"], "IpPermissions": [_permission(props, peer)]}
        return clients.call("ec2", f"{verb}SecurityGroup{direction}", asked)

    def create(_logical_id, props, _stack_name):
        rule = change("Authorize", props)["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        return rule, {"Id": rule}

    # In place only the description changes, which nothing reads here.
    return {
        "create": create,
        "update": lambda rule, _old, _new: {"Id": rule},
        "delete": lambda _rule, props: change("Revoke", props),
    }


def create_flow_log(_logical_id, props, _stack_name):
    tags = [{"ResourceType": "vpc-flow-log", "Tags": props["Tags"]}] if props.get("Tags") else None
    asked = {**props, "ResourceIds": [props["ResourceId"]], "TagSpecifications": tags}
    log = clients.call("ec2", "CreateFlowLogs", asked)["FlowLogIds"][0]
    return log, {"Id": log}


def delete_flow_log(identifier, _props):
    clients.call("ec2", "DeleteFlowLogs", {"FlowLogIds": [identifier]})


_RULE = ("CidrIp", "CidrIpv6", "FromPort", "GroupId", "IpProtocol", "ToPort")
cloudformation.teach(
    "AWS::EC2::SecurityGroupIngress",
    _rule("Ingress", "Source"),
    replaced_by=(*_RULE, "SourceSecurityGroupId", "SourcePrefixListId"),
)
cloudformation.teach(
    "AWS::EC2::SecurityGroupEgress",
    _rule("Egress", "Destination"),
    replaced_by=(*_RULE, "DestinationSecurityGroupId", "DestinationPrefixListId"),
)
cloudformation.teach(
    "AWS::EC2::FlowLog",
    {"create": create_flow_log, "delete": delete_flow_log},
    replaced_by=(
        "DeliverLogsPermissionArn",
        "LogDestination",
        "LogDestinationType",
        "LogFormat",
        "LogGroupName",
        "MaxAggregationInterval",
        "ResourceId",
        "ResourceType",
        "TrafficType",
    ),
    tagged=True,
)
