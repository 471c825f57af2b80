"""Two regions with one global database, which behaves as AWS's does, and takes as long. What a test does not change is
as after a deployment: the primary is active and the writer, the secondary is its pilot light.
"""

import datetime
import fnmatch
import io
import json
import urllib.error

from clock import BEGINNING
from fake_aws import fault

PRIMARY, SECONDARY = "us-east-1", "us-west-1"
ACCOUNT = "111122223333"


def other(region):
    return SECONDARY if region == PRIMARY else PRIMARY


class Regions:
    def __init__(self, clock, names):
        self.clock, self.names = clock, names  # names: of the clusters and stacks by region, of what both share
        self.down = set()
        # Of the global database.
        self.members = {region: "connected" for region in (PRIMARY, SECONDARY)}
        self.writer, self.status, self.operation = PRIMARY, "available", None
        self.move_seconds, self.shows_seconds, self.settle_seconds = 30, 2, 5
        self.hanging_seconds = 60  # after which a failover is accepted while a switchover hangs
        self.resync_seconds = 4 * 3600  # until a returned member is connected: longer than any function waits
        self.held = set()  # "move", "resync": they do not end
        self.versions, self.headless = (
            {},
            set(),
        )  # engine versions by region, if not all are the same; without instances
        self.gives_up = self.modifying = False
        self.slow = {}  # region, or "global": seconds more until its cluster is available after a move
        self.cluster_status = dict.fromkeys(self.members, "available")
        self.instance_status = "available"
        self.lag = {PRIMARY: None, SECONDARY: 120.0}  # by reader
        # Of everything else.
        self.stacks = {region: self._stack(region) for region in (PRIMARY, SECONDARY)}
        self.secrets = {PRIMARY: 0, SECONDARY: 0}  # when it is there
        # Not ResourceNotFoundException: without an ARN, a permission for secret:<name>-?????? does not apply to it.
        self.no_secret = "AccessDeniedException"
        self.images, self.validation_seconds, self.rejected = (
            {},
            1,
            set(),
        )  # images: by region and ARN, the oldest first
        self.parameters = {}  # by region and name
        self.objects, self.kept = [], set()
        self.visited = []
        self.web = {}  # URL: text, or what is raised
        for region in (PRIMARY, SECONDARY):
            host = f"ec2-{region}.example"
            self.web[self.site(region)] = "<!doctype html>"
            self.web[self.site(region) + "/config.json"] = json.dumps({"host": host, "region": region, "instance": "i"})
            self.web[f"http://{host}/health/ishealthy"] = "{}"

    def arn(self, region, service="rds", resource=None):
        return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource or 'cluster:' + self.names['cluster'][region]}"

    def stack_id(self, region):
        return self.arn(region, "cloudformation", f"stack/{self.names['stack'][region]}/0a1b")

    def site(self, region):
        return f"http://site.s3-website-{region}.amazonaws.com"

    def urlopen(self, url, timeout):
        """What is urllib.request's in the function under test. The urls have no slash at their end, as a bucket's."""
        found = self.web.get(url, urllib.error.HTTPError(url, 404, "Not Found", {}, None))
        if isinstance(found, Exception):
            self.clock.sleep(timeout if isinstance(found, TimeoutError) else 0)
            raise found
        self.visited.append(url)
        return io.StringIO(found)

    def _stack(self, region):
        role = "active" if region == PRIMARY else "pilot-light"
        return {
            "StackName": self.names["stack"][region],
            "CreationTime": moment(0),
            "StackStatus": "UPDATE_COMPLETE",
            "Outputs": [
                {"OutputKey": "DatabaseEndpoint", "OutputValue": "db"},
                {"OutputKey": "Role", "OutputValue": role},
                {"OutputKey": "WebsiteURL", "OutputValue": self.site(region)},
            ],
        }

    # --- What happens in the regions ----------------------------------------------------------------------------------

    def set_stack(self, region, status, since=None, role=None):
        self.stacks[region]["StackStatus"] = status
        if since is not None:
            self.stacks[region]["LastUpdatedTime"] = moment(since)
        if role:
            self.stacks[region]["Outputs"][1]["OutputValue"] = role

    def swap(self, member="connected"):
        """The secondary has become the active region; its old writer is in this state, or gone (None)."""
        self.writer = SECONDARY
        self.lag = {PRIMARY: 120.0 if member == "connected" else None, SECONDARY: None}
        self.members[PRIMARY] = member
        if member is None:
            del self.members[PRIMARY]
        self.set_stack(PRIMARY, "UPDATE_COMPLETE", role="pilot-light")
        self.set_stack(SECONDARY, "UPDATE_COMPLETE", role="active")

    def begin(self, target, lossy=False):
        operation = self.operation = {"from": self.writer, "to": target, "lossy": lossy, "began": self.clock.now}
        self._set_status("failing-over" if lossy else "switching-over", operation)
        self.clock.after(self.move_seconds, lambda: self._finish(operation))

    def _needed(self, operation):
        return [operation["to"]] if operation["lossy"] else [operation["from"], operation["to"]]

    def _hangs(self, operation):
        return any(region in self.down for region in self._needed(operation))

    def _set_status(self, status, operation):
        self.status = status
        for region in self._needed(operation):
            self.cluster_status[region] = status

    def bring_back(self, region):
        """The outage of a region ends: its cluster is a member again, if it was lost."""
        self.down.discard(region)
        if region not in self.members:
            self._begin_resync(region)

    def _begin_resync(self, region):
        self.members[region] = "pending-resync"
        self.clock.after(self.resync_seconds, lambda: self._resynchronise(region))

    def _resynchronise(self, region):
        """That takes both regions."""
        if "resync" in self.held or self.down & {region, self.writer}:
            self.clock.after(1, lambda: self._resynchronise(region))
        elif self.members.get(region) == "pending-resync":
            self.members[region], self.lag[region] = "connected", 120.0
            self.operation, self.status = None, "available"

    def _finish(self, operation):
        if self.operation is not operation:
            return  # a failover replaced it
        if "move" in self.held or self._hangs(operation) and not self.gives_up:
            self.clock.after(1, lambda: self._finish(operation))
            return
        if not self.gives_up:
            self.writer = operation["to"]
        if not operation["lossy"] or self.gives_up:
            self.operation = None
        elif operation["from"] in self.down:
            del self.members[operation["from"]]
        else:
            self._begin_resync(operation["from"])
        # The topology is whole again hours after a failover; so long it shows, in the worst case.
        self.clock.after(self.settle_seconds, lambda: self._settle(operation))

    def _settle(self, operation):
        for region in self._needed(operation):
            self.clock.after(
                self.slow.get(region, 0), lambda region=region: self.cluster_status.update({region: "available"})
            )
        if not operation["lossy"]:
            self.clock.after(self.slow.get("global", 0), lambda: setattr(self, "status", "available"))

    # --- RDS ----------------------------------------------------------------------------------------------------------

    def describe_global_clusters(self, request, GlobalClusterIdentifier):
        if GlobalClusterIdentifier != self.names["global"]:
            raise fault("rds", request.operation, "GlobalClusterNotFoundFault", GlobalClusterIdentifier)
        members = [
            {"DBClusterArn": self.arn(region), "IsWriter": region == self.writer, "SynchronizationStatus": state}
            for region, state in self.members.items()
        ]
        found = {
            "GlobalClusterIdentifier": GlobalClusterIdentifier,
            "Status": self.status,
            "GlobalClusterMembers": members,
        }
        operation = self.operation
        if operation and self.clock.now - operation["began"] >= self.shows_seconds:
            found["FailoverState"] = {
                "Status": "failing-over" if operation["lossy"] else "switching-over",
                "FromDbClusterArn": self.arn(operation["from"]),
                "ToDbClusterArn": self.arn(operation["to"]),
                "IsDataLossAllowed": operation["lossy"],
            }
        return {"GlobalClusters": [found]}

    def describe_db_clusters(self, request, DBClusterIdentifier):
        if DBClusterIdentifier != self.names["cluster"][request.region]:
            raise fault("rds", request.operation, "DBClusterNotFoundFault", DBClusterIdentifier)
        return {"DBClusters": [{"Status": self.cluster_status[request.region]}]}

    def describe_db_instances(self, request, DBInstanceIdentifier):
        if DBInstanceIdentifier != self.names["instance"][request.region]:
            raise fault("rds", request.operation, "DBInstanceNotFound", DBInstanceIdentifier)
        return {"DBInstances": [{"DBInstanceStatus": self.instance_status}]}

    def failover_global_cluster(self, request, AllowDataLoss=False, Switchover=False, **how):
        if not AllowDataLoss:
            return self.switchover_global_cluster(request, **how)
        running = self.operation if self.operation and self.operation["to"] != self.writer else None
        overdue = running and self._hangs(running) and self.clock.now - running["began"] > self.hanging_seconds
        target = self._target(request, "failover", (running and not overdue) or self.modifying, **how)
        arn = self.arn(target)
        if Switchover:
            raise self._refusal(
                request, "InvalidParameterCombination", "AllowDataLoss and Switchover can't be used together."
            )
        if request.region != target:
            words = f"A failover is called in the Region of the cluster to promote, {arn}."
            raise self._refusal(request, "InvalidGlobalClusterStateFault", words)
        self.begin(target, lossy=True)
        return {}

    def switchover_global_cluster(self, request, **how):
        # What follows a failover, the rebuilding of the lost member, is no operation.
        rebuilds = self.operation and self.operation["to"] == self.writer
        target = self._target(request, "switchover", self.status != "available" and not rebuilds, **how)
        if request.region != self.writer:
            words = f"A switchover is called in the Region of the primary cluster, {self.arn(self.writer)}."
            raise self._refusal(request, "InvalidGlobalClusterStateFault", words)
        if self.down & {self.writer, target}:
            words = f"The global cluster {self.global_arn} is not healthy in every Region."
            raise self._refusal(request, "InvalidGlobalClusterStateFault", words)
        self.begin(target)
        return {}

    @property
    def global_arn(self):
        return f"arn:aws:rds::{ACCOUNT}:global-cluster:{self.names['global']}"

    def _target(self, request, way, busy, GlobalClusterIdentifier, TargetDbClusterIdentifier):
        """The region of the cluster that is to be the writer, unless AWS refuses it, in the words of the table in
        drill/emulator/tests/conformance.py."""
        arn, state, version = TargetDbClusterIdentifier, "InvalidDBClusterStateFault", self.versions.get
        region = next((r for r in self.members if self.arn(r) == arn), None)
        if GlobalClusterIdentifier != self.names["global"]:
            code, words = "GlobalClusterNotFoundFault", f"The global cluster {GlobalClusterIdentifier} was not found."
        elif region is None:
            code = "DBClusterNotFoundFault"
            words = f"DBCluster {arn} not found: name a member of the global cluster by its ARN."
        elif busy:
            code, words = "InvalidGlobalClusterStateFault", f"The global cluster {self.global_arn} is {self.status}."
        elif region == self.writer:
            code, words = "InvalidGlobalClusterStateFault", f"The DB cluster {arn} is already the primary cluster."
        elif self.members[region] != "connected":
            code, words = state, f"The {way} request is not successful because replication setup is still in progress. "
            words += "Please retry the request later."
        elif version(region) != version(self.writer):
            code, words = state, f"Target cluster {self.names['cluster'][region]} must have the same engine version as "
            words += "current primary cluster"
        elif region in self.headless:
            code, words = state, f"The DB cluster {arn} has no DB instances."
        else:
            return region
        raise self._refusal(request, code, words)

    def _refusal(self, request, code, words):
        return fault("rds", request.operation, code, words)

    # --- CloudFormation, CloudWatch, Secrets Manager ------------------------------------------------------------------

    def describe_stacks(self, request, StackName):
        stack = self.stacks.get(request.region)
        if stack is None or StackName not in (self.stack_id(request.region), stack["StackName"]):
            raise fault(
                "cloudformation", request.operation, "ValidationError", f"Stack with id {StackName} does not exist"
            )
        return {"Stacks": [dict(stack)]}

    def get_metric_statistics(self, request, Dimensions, **_):
        lag = self.lag[request.region]
        if lag is None or Dimensions != [
            {"Name": "DBClusterIdentifier", "Value": self.names["cluster"][request.region]}
        ]:
            return {"Datapoints": []}
        # In no order: the documentation promises none.
        points = [(2, lag + 90_000), (9, lag), (5, lag + 90_000)]
        return {"Datapoints": [{"Timestamp": moment(60 * minute), "Maximum": value} for minute, value in points]}

    def describe_secret(self, request, SecretId):
        if SecretId != self.names["secret"] or self.clock.now < self.secrets[request.region]:
            raise fault("secretsmanager", request.operation, self.no_secret, f"on resource: {SecretId}")
        return {"Name": SecretId}

    # --- Systems Manager, EC2, S3 -------------------------------------------------------------------------------------

    @property
    def parameter(self):
        """The image that the pilot light would boot."""
        return self.parameters.get((SECONDARY, self.names["parameter"]))

    @parameter.setter
    def parameter(self, value):
        self.parameters[SECONDARY, self.names["parameter"]] = value

    def get_parameter(self, request, Name):
        value = self.parameters.get((request.region, Name))
        if value is None:
            raise fault("ssm", request.operation, "ParameterNotFound", "")
        return {"Parameter": {"Name": Name, "Value": value}}

    def put_parameter(self, request, Name, Value, Type, DataType, Overwrite):
        if (request.region, Name) in self.parameters and not Overwrite:
            raise fault("ssm", request.operation, "ParameterAlreadyExists", Name)
        if DataType != ("aws:ec2:image" if Value.startswith("ami-") else "text") or Type != "String":
            raise AssertionError("Parameter Store would not look at the image")
        if Value not in self.rejected:
            self.clock.after(self.validation_seconds, lambda: self.parameters.update({(request.region, Name): Value}))
        return {"Version": 1}

    def delete_parameters(self, request, Names):
        there = [name for name in Names if self.parameters.pop((request.region, name), None)]
        answer = {"DeletedParameters": there, "InvalidParameters": sorted(set(Names) - set(there))}
        return {kind: names for kind, names in answer.items() if names}

    def describe_images(self, request, Owners, Filters):
        (condition,) = Filters
        assert Owners == ["self"], "images of others"
        (pattern,) = condition["Values"]
        found = []
        for (region, arn), images in self.images.items():
            for image in images if region == request.region else []:
                of = {"tag:Ec2ImageBuilderArn": arn, "image-id": image}[condition["Name"]]
                if fnmatch.fnmatchcase(of, pattern):
                    tags = [{"Key": "Ec2ImageBuilderArn", "Value": arn}]
                    # The id's last digits say the hour.
                    found.append(
                        {"ImageId": image, "CreationDate": f"2026-01-01T{image[-2:]}:00:00.000Z", "Tags": tags}
                    )
        return {"Images": found[::-1]}

    def deregister_image(self, request, ImageId, DeleteAssociatedSnapshots):
        assert DeleteAssociatedSnapshots, "snapshots stay"
        for (region, _arn), images in self.images.items():
            if region == request.region and ImageId in images:
                images.remove(ImageId)
                return {"Return": True}
        raise fault("ec2", request.operation, "InvalidAMIID.Unavailable", ImageId)

    def list_object_versions(self, request, Bucket):
        if self.objects is None:
            raise fault("s3", request.operation, "NoSuchBucket", Bucket)
        page = [{"Key": key, "VersionId": version} for key, version, _marker in self.objects[:1000]]
        markers = {(key, version) for key, version, marker in self.objects if marker}
        parts = {"Versions": [], "DeleteMarkers": []}
        for entry in page:
            parts["DeleteMarkers" if (entry["Key"], entry["VersionId"]) in markers else "Versions"].append(entry)
        return {name: part for name, part in parts.items() if part}

    def delete_objects(self, request, Bucket, Delete):
        gone = {(o["Key"], o["VersionId"]) for o in Delete["Objects"]}
        assert 0 < len(gone) <= 1000, "MalformedXML"
        kept = gone & self.kept
        self.objects = [o for o in self.objects if o[:2] not in gone or o[:2] in kept]
        failed = [{"Key": key, "VersionId": v, "Code": "AccessDenied", "Message": "locked"} for key, v in kept]
        return {"Errors": failed} if failed else {}


def moment(seconds):
    return BEGINNING + datetime.timedelta(seconds=seconds)
