"""The world's global database, by the table that the emulator's passes too."""

import sys
import types
import unittest
from pathlib import Path

from clock import Clock
from fake_aws import Aws
from running import names
from world import World

sys.path.append(str(Path(__file__).parents[2] / "drill" / "emulator" / "tests"))
from conformance import CASES

GRANTED = {f"rds:{name}GlobalCluster{s}" for name, s in (("Describe", "s"), ("Switchover", ""), ("Failover", ""))}


class Harness:
    def __init__(self):
        self.world = World(Clock(), names())
        self.aws = Aws(self.world, self.world.clock, GRANTED)
        self.arn, self.lose, self.bring_back = self.world.arn, self.world.down.add, self.world.bring_back
        self.database, self.hold, self.release = self.world.global_arn, self.world.held.add, self.world.held.remove

    def rds(self, region):
        return self.aws.client("rds", region, config=types.SimpleNamespace(connect_timeout=5, read_timeout=20))

    def call(self, way, region, target, **how):
        named = {"GlobalClusterIdentifier": self.world.names["global"], "TargetDbClusterIdentifier": self.arn(target)}
        getattr(self.rds(region), f"{way}_global_cluster")(**named | how)

    def look(self, region):
        found = self.rds(region).describe_global_clusters(GlobalClusterIdentifier=self.world.names["global"])
        return found["GlobalClusters"][0]

    def slow(self):
        """As it is."""

    fast = slow

    def let_hang(self):
        self.world.clock.sleep(self.world.hanging_seconds)

    def upgrade(self, region):
        self.world.versions[region] = "another"

    def behead(self, region):
        self.world.headless.add(region)

    def until(self, condition):
        ends = self.world.clock.now + 2 * self.world.resync_seconds
        while not condition() and self.world.clock.now < ends:
            self.world.clock.sleep(1)

    def later(self):
        self.world.clock.sleep(self.world.move_seconds + self.world.shows_seconds)


class Conformance(unittest.TestCase):
    def test_the_global_database_passes_the_table(self):
        for name, steps in CASES.items():
            with self.subTest(name):
                db = Harness()
                for step in steps:
                    step.run(self, db)


if __name__ == "__main__":
    unittest.main()
