"""What a global database does, in AWS's words: the one table that both of its fakes pass, the emulator's
(taught/global_database.py), and that of the inline functions' tests (test/functions/fake_regions.py). Each has a
test_conformance.py. taught/rds_refusals.py has the sources.

Each case begins with a database of two members, both connected, the first one the writer. A fake runs it in a harness:

    call(way, region, target, **how)  asks for a switchover or a failover to a region's cluster, in a region
    look(region)                      what DescribeGlobalClusters answers there
    arn(region), database             names
    lose(region), bring_back(region)  an outage, and its end
    hold(what), release(what)         keeps every "move" or "resync" from its end, or no more
    slow(), fast()                    a move takes long enough to lose a region in, or no more
    let_hang()                        so long that a failover may replace a switchover that hangs
    upgrade(region), behead(region)   a cluster has another engine version, or no instance
    until(condition), later()         waits; longer than a move takes
"""

import dataclasses

from botocore.exceptions import ClientError

FIRST, SECOND = "us-east-1", "us-west-1"
BOTH = {FIRST: "connected", SECOND: "connected"}


@dataclasses.dataclass(frozen=True)
class Do:
    """A method of the harness."""

    name: str
    arguments: tuple = ()
    how: dict = dataclasses.field(default_factory=dict)

    def run(self, test, db):
        getattr(db, self.name)(*self.arguments, **self.how)


@dataclasses.dataclass(frozen=True)
class Refused:
    call: Do
    code: str
    words: str  # with {database}, and {first}, {second} and {second_name} of its members

    def run(self, test, db):
        with test.assertRaises(ClientError) as caught:
            self.call.run(test, db)
        error = caught.exception.response["Error"]
        first, second = db.arn(FIRST), db.arn(SECOND)
        words = self.words.format(database=db.database, first=first, second=second, second_name=second.split(":")[6])
        test.assertEqual((error["Code"], error["Message"]), (self.code, words))


@dataclasses.dataclass(frozen=True)
class Shows:
    """What is seen in a region soon, or, stays seen."""

    writer: str
    members: dict
    status: str
    target: str = None  # of the move that is under way
    lossy: bool = False
    seen_in: str = SECOND
    stays: bool = False

    def run(self, test, db):
        if self.stays:
            db.later()
        else:
            db.until(lambda: seen(db, self.seen_in) == self.expected())
        test.assertEqual(seen(db, self.seen_in), self.expected())

    def expected(self):
        return self.writer, self.members, self.status, self.target, self.lossy


def seen(db, region):
    """As Shows has it. A move to a cluster that is the writer already is over, though it may show for hours."""
    found = db.look(region)
    members = {m["DBClusterArn"].split(":")[3]: m for m in found["GlobalClusterMembers"]}
    (writer,) = (region for region, m in members.items() if m["IsWriter"])
    move = found.get("FailoverState") or {}
    target = move["ToDbClusterArn"].split(":")[3] if move else None
    moves = target not in (None, writer)
    states = {region: m["SynchronizationStatus"] for region, m in members.items()}
    return writer, states, found["Status"], target if moves else None, moves and move["IsDataLossAllowed"]


def switch(region, target, **how):
    return Do("call", ("switchover", region, target), how)


def fail_over(region, target, **how):
    return Do("call", ("failover", region, target), {"AllowDataLoss": True, **how})


def do(name, *arguments):
    return Do(name, arguments)


SWITCHING = Shows(FIRST, BOTH, "switching-over", target=SECOND)
SWITCHED = Shows(SECOND, BOTH, "available")
FAILED_OVER = Shows(SECOND, {SECOND: "connected"}, "failing-over")
RESYNCHRONISING = Shows(SECOND, {FIRST: "pending-resync", SECOND: "connected"}, "failing-over")
HANGING = [
    do("slow"),
    switch(FIRST, SECOND),
    do("lose", FIRST),
    do("fast"),
    dataclasses.replace(SWITCHING, stays=True),
]
NOT_SET_UP = (
    "The {} request is not successful because replication setup is still in progress. Please retry the request later."
)
NOT_FOUND = "DBCluster missing not found: name a member of the global cluster by its ARN."

MOVES = {
    "a switchover swaps the members": [
        do("hold", "move"),
        switch(FIRST, SECOND),
        SWITCHING,
        do("release", "move"),
        SWITCHED,
    ],
    "a switchover back": [switch(FIRST, SECOND), SWITCHED, switch(SECOND, FIRST), Shows(FIRST, BOTH, "available")],
    "a failover without data loss is a switchover": [
        do("hold", "move"),
        fail_over(FIRST, SECOND, AllowDataLoss=False),
        SWITCHING,
        do("release", "move"),
        SWITCHED,
    ],
    "after a failover a healthy member is resynchronised": [
        do("hold", "resync"),
        do("hold", "move"),
        fail_over(SECOND, SECOND),
        Shows(FIRST, BOTH, "failing-over", target=SECOND, lossy=True),
        do("release", "move"),
        RESYNCHRONISING,
        do("release", "resync"),
        SWITCHED,
    ],
    "a failover drops the member of a lost region, which is resynchronised when the region is back": [
        do("lose", FIRST),
        fail_over(SECOND, SECOND),
        FAILED_OVER,
        do("hold", "resync"),
        do("bring_back", FIRST),
        RESYNCHRONISING,
        do("release", "resync"),
        SWITCHED,
    ],
    "a switchover hangs when a region is lost, and ends when it is back": [*HANGING, do("bring_back", FIRST), SWITCHED],
    "a failover replaces a switchover that hangs, after a while": [
        *HANGING,
        Refused(
            fail_over(SECOND, SECOND),
            "InvalidGlobalClusterStateFault",
            "The global cluster {database} is switching-over.",
        ),
        do("let_hang"),
        fail_over(SECOND, SECOND),
        FAILED_OVER,
    ],
}


def _either_way(name, before, code, words):
    """A refusal of both operations, each called where it should be."""
    return {
        f"{way}: {name}": [*before, Refused(call, code, words.replace("{}", way))]
        for way, call in (("switchover", switch(FIRST, SECOND)), ("failover", fail_over(SECOND, SECOND)))
    }


REFUSALS = {
    **{
        f"{call.arguments[0]}: {name}": [Refused(dataclasses.replace(call, how={**call.how, **how}), code, words)]
        for call in (switch(FIRST, SECOND), fail_over(SECOND, SECOND))
        for name, how, code, words in (
            (
                "of an unknown global cluster",
                {"GlobalClusterIdentifier": "missing"},
                "GlobalClusterNotFoundFault",
                "The global cluster missing was not found.",
            ),
            (
                "to what is no member's ARN",
                {"TargetDbClusterIdentifier": "missing"},
                "DBClusterNotFoundFault",
                NOT_FOUND,
            ),
        )
    },
    **_either_way(
        "one is under way",
        [do("hold", "move"), switch(FIRST, SECOND), SWITCHING],
        "InvalidGlobalClusterStateFault",
        "The global cluster {database} is switching-over.",
    ),
    **_either_way(
        "to a cluster without an instance",
        [do("behead", SECOND)],
        "InvalidDBClusterStateFault",
        "The DB cluster {second} has no DB instances.",
    ),
    **_either_way(
        "to another engine version",
        [do("upgrade", SECOND)],
        "InvalidDBClusterStateFault",
        "Target cluster {second_name} must have the same engine version as current primary cluster",
    ),
    "to the writer": [
        Refused(call, "InvalidGlobalClusterStateFault", "The DB cluster {first} is already the primary cluster.")
        for call in (switch(FIRST, FIRST), fail_over(FIRST, FIRST))
    ],
    "to a member that is resynchronised": [
        do("hold", "resync"),
        fail_over(SECOND, SECOND),
        RESYNCHRONISING,
        Refused(switch(SECOND, FIRST), "InvalidDBClusterStateFault", NOT_SET_UP.format("switchover")),
        Refused(fail_over(FIRST, FIRST), "InvalidDBClusterStateFault", NOT_SET_UP.format("failover")),
    ],
    "in another region": [
        Refused(
            switch(SECOND, SECOND),
            "InvalidGlobalClusterStateFault",
            "A switchover is called in the Region of the primary cluster, {first}.",
        ),
        Refused(
            fail_over(FIRST, SECOND),
            "InvalidGlobalClusterStateFault",
            "A failover is called in the Region of the cluster to promote, {second}.",
        ),
    ],
    "a switchover while the target's region is lost": [
        do("lose", SECOND),
        Refused(
            switch(FIRST, SECOND),
            "InvalidGlobalClusterStateFault",
            "The global cluster {database} is not healthy in every Region.",
        ),
    ],
    "both words at once": [
        Refused(
            fail_over(SECOND, SECOND, Switchover=True),
            "InvalidParameterCombination",
            "AllowDataLoss and Switchover can't be used together.",
        )
    ],
}
CASES = MOVES | REFUSALS
