"""A global database for a test: members in both regions, with an instance each."""

import botocore.exceptions

from running import ENGINE_VERSION, PRIMARY, SECONDARY, emulator, until

KEY = "arn:aws:kms:{}:000000000000:key/0000"
SECRET = {"MasterUsername": "unishop", "MasterUserPassword": "not-a-secret"}


class GlobalDatabase:
    def __init__(self, test_class, name):
        self.name = name
        self.api = {region: emulator().client("rds", region) for region in (PRIMARY, SECONDARY, "eu-west-1")}
        self.ids = {PRIMARY: f"{name}-primary", SECONDARY: f"{name}-secondary"}
        test_class.addClassCleanup(self.remove)
        self.api[PRIMARY].create_global_cluster(
            GlobalClusterIdentifier=name, Engine="aurora-mysql", EngineVersion=ENGINE_VERSION, StorageEncrypted=True
        )
        self.add(PRIMARY, **SECRET)
        self.add(SECONDARY)

    def joining(self, region, identifier, **changes):
        """Arguments for a cluster that joins; a change to None leaves one out."""
        arguments = {
            "DBClusterIdentifier": identifier,
            "GlobalClusterIdentifier": self.name,
            "Engine": "aurora-mysql",
            "EngineVersion": ENGINE_VERSION,
            "StorageEncrypted": True,
            "KmsKeyId": KEY.format(region),
            **changes,
        }
        return {name: value for name, value in arguments.items() if value is not None}

    def add(self, region, **changes):
        self.api[region].create_db_cluster(**self.joining(region, self.ids[region], **changes))
        self.add_instance(region)

    def add_instance(self, region, number=1):
        self.api[region].create_db_instance(
            DBInstanceIdentifier=f"{self.ids[region]}-{number}",
            DBClusterIdentifier=self.ids[region],
            DBInstanceClass="db.r6g.large",
            Engine="aurora-mysql",
        )

    def arn(self, region):
        return f"arn:aws:rds:{region}:000000000000:cluster:{self.ids[region]}"

    def describe(self, region=SECONDARY):
        return self.api[region].describe_global_clusters(GlobalClusterIdentifier=self.name)["GlobalClusters"][0]

    def members(self, region=SECONDARY):
        """Region -> (is the writer, synchronisation)."""
        members = self.describe(region)["GlobalClusterMembers"]
        return {m["DBClusterArn"].split(":")[3]: (m["IsWriter"], m["SynchronizationStatus"]) for m in members}

    def writer(self):
        return next(region for region, (is_writer, _) in self.members().items() if is_writer)

    def switch(self, called_in, target):
        self.api[called_in].switchover_global_cluster(
            GlobalClusterIdentifier=self.name, TargetDbClusterIdentifier=self.arn(target)
        )

    def fail_over(self, called_in, target, **arguments):
        arguments = {"AllowDataLoss": True, **arguments}
        self.api[called_in].failover_global_cluster(
            GlobalClusterIdentifier=self.name, TargetDbClusterIdentifier=self.arn(target), **arguments
        )

    def await_whole(self, region=SECONDARY):
        until(lambda: self.describe(region)["Status"] == "available", f"{self.name} available")

    def fail_back(self):
        for region in self.ids:
            emulator().control("outage", {"region": region, "down": False})
        self.await_whole()
        if self.members().get(PRIMARY) == (False, "connected"):
            self.switch(SECONDARY, PRIMARY)
            self.await_whole()

    def remove(self):
        self.fail_back()
        for region in (SECONDARY, PRIMARY):
            api = self.api[region]
            for instance in api.describe_db_instances()["DBInstances"]:
                if instance["DBClusterIdentifier"] == self.ids[region]:
                    api.delete_db_instance(
                        DBInstanceIdentifier=instance["DBInstanceIdentifier"], SkipFinalSnapshot=True
                    )
            try:
                api.remove_from_global_cluster(GlobalClusterIdentifier=self.name, DbClusterIdentifier=self.arn(region))
                api.delete_db_cluster(DBClusterIdentifier=self.ids[region], SkipFinalSnapshot=True)
            except botocore.exceptions.ClientError as error:
                if "NotFound" not in error.response["Error"]["Code"]:
                    raise
        self.api[PRIMARY].delete_global_cluster(GlobalClusterIdentifier=self.name)
