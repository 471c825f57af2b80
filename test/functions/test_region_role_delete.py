"""Delete: the stack takes its cluster along, unless that is the only copy of the data or the first member."""

import unittest

from running import PRIMARY, SECONDARY, RegionRole


class ThePrimary(unittest.TestCase):
    def test_goes_when_it_is_the_last_member(self):
        role = RegionRole(PRIMARY)
        del role.regions.members[SECONDARY]
        answer = role.delete()
        self.assertEqual((answer.status, answer.said), ("SUCCESS", "nothing: the last member goes"))

    def test_is_refused_while_there_is_another_member_and_switches_nothing(self):
        for case in (
            "it is the writer",
            "the other is the writer",
            "the other is resynchronised",
            "a third region has joined",
        ):
            with self.subTest(case):
                role = RegionRole(PRIMARY)
                if case == "the other is the writer":
                    role.regions.swap()
                if case == "the other is resynchronised":
                    role.regions.members[SECONDARY] = "pending-resync"
                if case == "a third region has joined":
                    del role.regions.members[SECONDARY]
                    role.regions.names["cluster"]["eu-west-1"] = "third"
                    role.regions.members["eu-west-1"] = "connected"
                answer = role.delete()
                self.assertEqual((answer.status, role.moves()), ("FAILED", []))
                self.assertRegex(
                    answer.said,
                    r"^destroy unishop-secondary first \(`cdk destroy --all -c failover=false`\): the global database "
                    "has other members$",
                )


class TheSecondary(unittest.TestCase):
    def setUp(self):
        self.role = RegionRole(SECONDARY)
        self.regions = self.role.regions

    def test_goes_when_it_is_not_the_writer(self):
        answer = self.role.delete()
        self.assertEqual((answer.status, answer.said, self.role.moves()), ("SUCCESS", "nothing: not the writer", []))

    def test_switches_over_first_and_waits_until_all_is_available(self):
        self.regions.swap()
        self.regions.settle_seconds = 50
        answer = self.role.delete()
        self.assertRegex(answer.said, "^switchover in ")
        self.assertEqual(self.role.moves(), [(SECONDARY, "switchover", PRIMARY)])
        self.assertEqual((self.regions.writer, self.regions.status), (PRIMARY, "available"))
        self.assertEqual(set(self.regions.cluster_status.values()), {"available"})

    def test_waits_for_the_other_cluster_too(self):
        self.regions.swap()
        self.regions.slow = {PRIMARY: 70}
        self.assertGreater(self.role.delete().seconds, 100)

    def test_waits_for_the_global_cluster_too(self):
        self.regions.swap()
        self.regions.slow = {"global": 70}
        self.assertGreater(self.role.delete().seconds, 100)

    def test_switches_over_whether_or_not_the_primary_serves(self):
        self.regions.swap()
        self.assertEqual(self.regions.stacks[PRIMARY]["Outputs"][1]["OutputValue"], "pilot-light")
        self.assertRegex(self.role.delete().said, "^switchover in ")

    def test_joins_a_switchover_that_is_under_way(self):
        self.regions.swap()
        self.regions.begin(PRIMARY)
        self.regions.clock.sleep(5)
        self.assertRegex(self.role.delete().said, "^joined a switchover that was under way in ")
        self.assertEqual((self.role.moves(), self.regions.status), ([], "available"))

    def test_waits_until_a_resynchronised_primary_can_be_promoted(self):
        self.regions.swap("pending-resync")
        self.regions.clock.after(300, lambda: self.regions.members.update({PRIMARY: "connected"}))
        answer = self.role.delete()
        self.assertEqual((answer.status, self.regions.writer), ("SUCCESS", PRIMARY))

    def test_waits_for_a_primary_that_is_lost_and_comes_back_meanwhile(self):
        self.regions.swap("pending-resync")
        self.regions.clock.after(100, lambda: self.regions.members.pop(PRIMARY))
        self.regions.clock.after(200, lambda: self.regions.members.update({PRIMARY: "connected"}))
        answer = self.role.delete()
        self.assertEqual((answer.status, self.regions.writer), ("SUCCESS", PRIMARY))

    def test_is_refused_when_it_is_the_only_copy(self):
        self.regions.swap(member=None)
        answer = self.role.delete()
        self.assertEqual((answer.status, self.role.moves()), ("FAILED", []))
        self.assertRegex(answer.said, "^this is the only copy of the data: ")


if __name__ == "__main__":
    unittest.main()
