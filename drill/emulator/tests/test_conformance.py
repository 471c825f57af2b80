"""The emulator's global database, by the table that the unit tests' fake passes too."""

import itertools
import re
import time
import unittest

from conformance import CASES
from databases import GlobalDatabase
from running import Hook, emulator, hold, until
from taught import rds_refusals

EVENTS = {"move": "writer-changed", "resync": "member-resynchronised"}
NUMBERS = itertools.count(1)


class Harness(GlobalDatabase):
    def __init__(self, test):
        super().__init__(type(test), f"conforms-{next(NUMBERS)}")
        self.test, self.gates = test, {}
        self.database = self.describe()["GlobalClusterArn"]
        test.addCleanup(self.fast)

    def call(self, way, region, target, **how):
        named = {"GlobalClusterIdentifier": self.name, "TargetDbClusterIdentifier": self.arn(target)}
        getattr(self.api[region], f"{way}_global_cluster")(**named | how)

    def look(self, region):
        return self.describe(region)

    def lose(self, region):
        self.set_outage(region, True)
        self.test.addCleanup(self.set_outage, region, False)

    def bring_back(self, region):
        self.set_outage(region, False)

    def set_outage(self, region, down):
        emulator().control("outage", {"region": region, "down": down})

    def hold(self, what):
        self.gates[what] = hold(self.test, EVENTS[what])

    def release(self, what):
        Hook.gates.pop(EVENTS[what])
        self.gates.pop(what)()

    def slow(self):
        emulator().control("settings", {"operation_seconds": 3})

    def fast(self):
        emulator().control("settings", {"operation_seconds": 0.2})

    def let_hang(self):
        emulator().control("settings", {"hanging_seconds": 0})
        self.test.addCleanup(emulator().control, "settings", {"hanging_seconds": 20})

    def upgrade(self, region):
        api, named, patch = self.api[region], {"DBClusterIdentifier": self.ids[region]}, "8.0.mysql_aurora.3.10.5"
        api.modify_db_cluster(EngineVersion=patch, ApplyImmediately=True, **named)
        until(lambda: api.describe_db_clusters(**named)["DBClusters"][0]["EngineVersion"] == patch, "upgraded")

    def behead(self, region):
        self.api[region].delete_db_instance(DBInstanceIdentifier=f"{self.ids[region]}-1", SkipFinalSnapshot=True)

    def until(self, condition):
        try:
            until(condition, "", 20)
        except AssertionError:
            pass  # the comparison says what is seen instead

    def later(self):
        time.sleep(2)  # longer than 1.5 s and 0.2 s


class Conformance(unittest.TestCase):
    def test_the_global_database_passes_the_table(self):
        for name, steps in CASES.items():
            with self.subTest(name):
                db = Harness(self)
                for step in steps:
                    step.run(self, db)
            self.doCleanups()

    def test_the_table_has_a_row_for_every_refusal_of_a_move(self):
        rows = [step for steps in CASES.values() for step in steps if hasattr(step, "code")]
        for refusal in rds_refusals.SWITCHOVER + rds_refusals.FAILOVER:
            with self.subTest(refusal.message):
                words = ".+".join(map(re.escape, re.split(r"\{.*?\}", refusal.message)))
                self.assertTrue([r for r in rows if r.code == refusal.code and re.fullmatch(words, r.words)])


if __name__ == "__main__":
    unittest.main()
