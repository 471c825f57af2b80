"""The fake regions' global database, by the table that the emulator's passes too."""

import sys
import types
import unittest
from pathlib import Path

from clock import Clock
from fake_aws import Aws
from fake_regions import Regions
from running import names

sys.path.append(str(Path(__file__).parents[2] / "drill" / "emulator" / "tests"))
from conformance import CASES

GRANTED = {f"rds:{name}GlobalCluster{s}" for name, s in (("Describe", "s"), ("Switchover", ""), ("Failover", ""))}


class Harness:
    def __init__(self):
        self.regions = Regions(Clock(), names())
        self.aws = Aws(self.regions, self.regions.clock, GRANTED)
        self.arn, self.lose, self.bring_back = self.regions.arn, self.regions.down.add, self.regions.bring_back
        self.database, self.hold, self.release = (
            self.regions.global_arn,
            self.regions.held.add,
            self.regions.held.remove,
        )

    def rds(self, region):
        return self.aws.client("rds", region, config=types.SimpleNamespace(connect_timeout=5, read_timeout=20))

    def call(self, way, region, target, **how):
        named = {"GlobalClusterIdentifier": self.regions.names["global"], "TargetDbClusterIdentifier": self.arn(target)}
        getattr(self.rds(region), f"{way}_global_cluster")(**named | how)

    def look(self, region):
        found = self.rds(region).describe_global_clusters(GlobalClusterIdentifier=self.regions.names["global"])
        return found["GlobalClusters"][0]

    def slow(self):
        """As it is."""

    fast = slow

    def let_hang(self):
        self.regions.clock.sleep(self.regions.hanging_seconds)

    def upgrade(self, region):
        self.regions.versions[region] = "another"

    def behead(self, region):
        self.regions.headless.add(region)

    def until(self, condition):
        ends = self.regions.clock.now + 2 * self.regions.resync_seconds
        while not condition() and self.regions.clock.now < ends:
            self.regions.clock.sleep(1)

    def later(self):
        self.regions.clock.sleep(self.regions.move_seconds + self.regions.shows_seconds)


class Conformance(unittest.TestCase):
    def test_the_global_database_passes_the_table(self):
        for name, steps in CASES.items():
            with self.subTest(name):
                db = Harness()
                for step in steps:
                    step.run(self, db)


if __name__ == "__main__":
    unittest.main()
