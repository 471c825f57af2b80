"""Pilot light: the region gives up the writer, or is refused what would leave no region active."""

import unittest

from fake_aws import TROUBLES
from running import PRIMARY, SECONDARY, RegionRole


class WhoIsNotTheWriter(unittest.TestCase):
    def test_has_nothing_to_do(self):
        for request in ("Create", "Update"):
            with self.subTest(request):
                role = RegionRole(SECONDARY)
                answer = role.ask("pilot-light", request=request)
                self.assertEqual((answer.status, answer.said), ("SUCCESS", "nothing: not the writer"))
                self.assertEqual((role.moves(), role.aws.regions_asked()), ([], {SECONDARY}))

    def test_is_deactivated_while_it_is_resynchronised_for_hours(self):
        role = RegionRole(PRIMARY)
        role.regions.begin(SECONDARY, lossy=True)
        role.regions.clock.sleep(60)
        self.assertEqual(role.regions.members[PRIMARY], "pending-resync")
        answer = role.ask("pilot-light")
        self.assertEqual((answer.status, answer.said), ("SUCCESS", "nothing: not the writer"))
        self.assertLess(answer.seconds, 10)

    def test_waits_until_a_move_to_it_has_ended_and_then_switches_over(self):
        role = RegionRole(SECONDARY)
        role.regions.lag[PRIMARY] = 120.0
        role.regions.begin(SECONDARY)
        role.regions.clock.sleep(5)
        answer = role.ask("pilot-light")
        self.assertRegex(answer.said, "^switchover in ")
        self.assertEqual(role.regions.writer, PRIMARY)


class TheSecret(unittest.TestCase):
    def setUp(self):
        self.role = RegionRole(SECONDARY)

    def test_is_waited_for(self):
        self.role.regions.secrets[SECONDARY] = 50
        answer = self.role.ask("pilot-light", request="Create")
        self.assertEqual(answer.status, "SUCCESS")
        self.assertGreater(answer.seconds, 50)

    MISSING = "AccessDeniedException", "ResourceNotFoundException"

    def lose(self, error):
        self.setUp()
        self.role.regions.secrets[SECONDARY], self.role.regions.no_secret = float("inf"), error

    def test_that_never_arrives_is_refused_with_the_way_out(self):
        for error in self.MISSING:
            with self.subTest(error):
                self.lose(error)
                answer = self.role.ask("pilot-light", request="Create")
                self.assertEqual(answer.status, "FAILED")
                self.assertRegex(
                    answer.said,
                    "^the secret unishop/database is not here, and no shop can log in: docs/runbook.md, "
                    rf'"The shop cannot log in to its database" \(An error occurred \({error}\)',
                )
                self.assertLess(answer.seconds, 150)

    def test_that_is_missing_is_reported_by_a_failover_that_has_saved_the_data(self):
        for error in self.MISSING:
            with self.subTest(error):
                self.lose(error)
                answer = self.role.ask("active", "failover")
                self.assertEqual((answer.status, self.role.regions.writer), ("FAILED", SECONDARY))
                self.assertRegex(
                    answer.said, r"^failover in .* 120 ms, but the secret unishop/database is not here, and no shop"
                )
                self.assertLess(answer.seconds, 120)
                again = self.role.ask("active", "failover")
                self.assertRegex(again.said, "^nothing: already the writer, but the secret .* is not here")
                self.assertEqual(len(self.role.moves()), 1)

    def test_that_cannot_be_asked_for_stops_no_failover(self):
        for kind in TROUBLES:
            with self.subTest(kind):
                self.setUp()
                self.role.aws.trouble["secretsmanager:DescribeSecret"] = (float("inf"), kind)
                answer = self.role.ask("active", "failover")
                self.assertEqual((answer.status, self.role.regions.writer), ("SUCCESS", SECONDARY))
                self.assertRegex(answer.said, "^failover in [^;]* 120 ms$")
                self.assertLess(answer.seconds, 90)

    def test_is_not_asked_for_by_a_switchover_before_which_the_shop_has_logged_in(self):
        self.role.regions.secrets[SECONDARY] = float("inf")
        self.assertEqual(self.role.ask("active").status, "SUCCESS")


class ADemotion(unittest.TestCase):
    """The secondary is deactivated while it is the writer, with the primary ready to serve."""

    def setUp(self):
        self.role = RegionRole(SECONDARY)
        self.regions = self.role.regions
        self.regions.swap()
        self.regions.set_stack(PRIMARY, "UPDATE_COMPLETE", role="active")

    def demote(self):
        return self.role.ask("pilot-light")

    def test_is_a_switchover_that_loses_nothing(self):
        answer = self.demote()
        self.assertRegex(answer.said, r"^switchover in 3\d\.\d s, lag before 120 ms$")
        self.assertEqual(self.role.moves(), [(SECONDARY, "switchover", PRIMARY)])
        self.assertEqual(self.regions.writer, PRIMARY)

    def test_works_from_the_primary_to_the_secondary_too(self):
        role = RegionRole(PRIMARY)
        role.regions.set_stack(SECONDARY, "CREATE_COMPLETE", role="active")
        self.assertRegex(role.ask("pilot-light").said, "^switchover in ")
        self.assertEqual(role.moves(), [(PRIMARY, "switchover", SECONDARY)])

    def test_that_is_under_way_is_joined_without_asking_whether_the_other_can_serve(self):
        self.regions.begin(PRIMARY)
        self.regions.set_stack(PRIMARY, "UPDATE_IN_PROGRESS")
        self.regions.clock.sleep(5)
        self.assertRegex(self.demote().said, "^joined a switchover that was under way in ")
        self.assertEqual(self.role.moves(), [])

    def test_goes_on_when_the_other_stack_has_rolled_back_to_what_served_before(self):
        self.regions.set_stack(PRIMARY, "UPDATE_ROLLBACK_COMPLETE", role="active")
        self.assertRegex(self.demote().said, "^switchover in ")

    def test_that_aws_gives_up_is_refused(self):
        self.regions.gives_up = True
        answer = self.demote()
        self.assertRegex(answer.said, "^AWS gave up the switchover to ")
        self.assertEqual((answer.status, self.regions.writer), ("FAILED", SECONDARY))

    def test_waits_for_cloudwatch_to_know_the_lag_of_who_was_the_writer_a_moment_ago(self):
        self.regions.lag[PRIMARY] = None
        self.regions.clock.after(100, lambda: self.regions.lag.update({PRIMARY: 80.0}))
        answer = self.demote()
        self.assertRegex(answer.said, "^switchover in .* lag before 80 ms$")

    def test_asked_by_a_run_whose_operation_has_ended_is_never_begun(self):
        self.regions.lag[PRIMARY] = None
        self.regions.clock.after(90, lambda: self.regions.set_stack(SECONDARY, "UPDATE_ROLLBACK_IN_PROGRESS"))
        self.regions.clock.after(100, lambda: self.regions.lag.update({PRIMARY: 80.0}))
        answer = self.demote()
        self.assertEqual((answer.status, answer.said), ("SUCCESS", "nothing: Update in UPDATE_ROLLBACK_IN_PROGRESS"))
        self.assertEqual(self.role.moves(), [])

    def refused(self, why):
        answer = self.demote()
        self.assertEqual((answer.status, self.role.moves(), self.regions.writer), ("FAILED", [], SECONDARY))
        self.assertRegex(answer.said, "^no region would be active: unishop-primary is not ready: ")
        self.assertRegex(answer.said, "; `cdk deploy --all -c failover=false` activates it first$")
        self.assertIn(why, answer.said)
        return answer

    def test_is_refused_while_the_other_is_a_pilot_light(self):
        self.regions.set_stack(PRIMARY, "UPDATE_COMPLETE", role="pilot-light")
        answer = self.refused("its stack is UPDATE_COMPLETE with the role pilot-light")
        self.assertLess(answer.seconds, 10)

    def test_is_refused_while_the_other_is_not_complete(self):
        for status in ("UPDATE_IN_PROGRESS", "ROLLBACK_FAILED", "DELETE_IN_PROGRESS"):
            with self.subTest(status):
                self.setUp()
                self.regions.set_stack(PRIMARY, status, role="active")
                self.refused(f"its stack is {status}")

    def test_is_refused_when_the_other_stack_declares_no_role(self):
        del self.regions.stacks[PRIMARY]["Outputs"]
        self.refused("with the role None")

    def test_is_refused_when_there_is_no_other_stack(self):
        self.regions.stacks[PRIMARY]["StackName"] = "another"
        self.refused("its stack cannot be asked: ")

    def test_is_refused_while_the_other_region_does_not_answer(self):
        self.regions.down.add(PRIMARY)
        self.refused("its stack cannot be asked: Connect timeout")

    def test_is_refused_while_the_other_is_resynchronised(self):
        self.regions.members[PRIMARY] = "pending-resync"
        self.refused("its cluster is being resynchronised")

    def test_is_refused_with_a_lag_of_a_minute_and_allowed_with_less(self):
        self.regions.lag[PRIMARY] = 60_000.0
        self.refused("its lag is 60000 ms, and must be under 60000 ms")
        self.regions.lag[PRIMARY] = 59_999.0
        self.assertEqual(self.demote().status, "SUCCESS")

    def test_is_refused_when_the_lag_stays_unknown(self):
        self.regions.lag[PRIMARY] = None
        answer = self.refused("its lag is unknown")
        self.assertGreater(answer.seconds, 120)
        self.assertLess(answer.seconds, 240)

    def test_from_the_primary_is_refused_with_the_way_there(self):
        role = RegionRole(PRIMARY)
        answer = role.ask("pilot-light")
        self.assertEqual((answer.status, role.moves()), ("FAILED", []))
        self.assertRegex(
            answer.said, "^no region would be active: unishop-secondary .*`cdk deploy --all -c failover=planned`"
        )


class TheOnlyCopy(unittest.TestCase):
    def test_is_never_deactivated_not_even_while_a_failover_is_still_shown(self):
        role = RegionRole(SECONDARY)
        role.regions.down.add(PRIMARY)
        role.ask("active", "failover")
        self.assertIsNotNone(role.regions.operation)
        answer = role.ask("pilot-light")
        self.assertEqual((answer.status, len(role.moves())), ("FAILED", 1))
        self.assertRegex(
            answer.said,
            r"^this is the only copy of the data: arn:.*:us-east-1:.* is not in the global database\. After a failover "
            "AWS adds it back when its region is healthy; if someone detached it: docs/runbook.md, "
            '"A cluster that is not in the global database"$',
        )
        self.assertLess(answer.seconds, 10)


if __name__ == "__main__":
    unittest.main()
