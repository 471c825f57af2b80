"""Active: the region's cluster becomes the writer, by a failover or by a switchover."""

import socket
import time
import unittest

import boto3

from running import PRIMARY, SECONDARY, RegionRole, other


class WhoIsTheWriterAlready(unittest.TestCase):
    def test_has_nothing_to_do_either_way(self):
        for way in ("failover", "switchover"):
            for request in ("Create", "Update"):
                with self.subTest(way=way, request=request):
                    role = RegionRole(PRIMARY)
                    answer = role.ask("active", way, request)
                    self.assertEqual((answer.status, answer.said), ("SUCCESS", "nothing: already the writer"))
                    self.assertEqual((role.moves(), role.aws.regions_asked()), ([], {PRIMARY}))

    def test_has_nothing_to_do_after_a_failover_whose_resynchronisation_takes_hours(self):
        role = RegionRole(SECONDARY)
        role.ask("active", "failover")
        self.assertEqual(role.regions.status, "failing-over")
        self.assertEqual(role.ask("active", "failover").said, "nothing: already the writer")
        self.assertEqual(role.ask("active", "switchover").said, "nothing: already the writer")
        self.assertEqual(len(role.moves()), 1)

    def test_is_done_only_when_its_cluster_and_its_instance_are_available(self):
        role = RegionRole(PRIMARY)
        role.regions.instance_status = "modifying"
        role.regions.cluster_status[PRIMARY] = "modifying"
        role.regions.clock.after(40, lambda: setattr(role.regions, "instance_status", "available"))
        role.regions.clock.after(170, lambda: role.regions.cluster_status.update({PRIMARY: "available"}))
        role.regions.down.add(SECONDARY)
        answer = role.ask("active")
        self.assertEqual(answer.status, "SUCCESS")
        self.assertGreater(answer.seconds, 170)
        self.assertEqual(role.aws.regions_asked(), {PRIMARY})

    def test_is_refused_when_the_instance_never_becomes_available(self):
        role = RegionRole(PRIMARY)
        role.regions.instance_status = "incompatible-parameters"
        answer = role.ask("active")
        self.assertEqual(answer.status, "FAILED")
        self.assertIn("no time is left", answer.said)


class AFailover(unittest.TestCase):
    def setUp(self):
        self.role = RegionRole(SECONDARY)
        self.regions = self.role.regions

    def fail_over(self, **how):
        return self.role.ask("active", "failover", **how)

    def test_moves_the_writer_to_either_side_during_the_outage_of_the_other_region_and_asks_it_nothing(self):
        for region in (SECONDARY, PRIMARY):
            for reconcile in (("", ""), ("", "1"), ("1", "")):
                with self.subTest(region, reconcile=reconcile):
                    role = RegionRole(region)
                    if region == PRIMARY:
                        role.regions.swap()
                    role.regions.down.add(other(region))
                    role.regions.web.clear()
                    answer = role.ask("active", "failover", reconcile=reconcile)
                    self.assertRegex(answer.said, r"^failover in 3\d\.\d s, lag before 120 ms$")
                    self.assertEqual((answer.status, role.regions.writer), ("SUCCESS", region))
                    self.assertEqual(role.moves(), [(region, "failover", region)])
                    self.assertEqual(role.aws.called("FailoverGlobalCluster")[0][1]["AllowDataLoss"], True)
                    self.assertEqual((role.aws.regions_asked(), role.regions.visited), ({region}, []))

    def test_reports_way_lag_and_seconds_in_the_output_and_in_the_log(self):
        answer = self.fail_over()
        self.assertRegex(answer.said, r"^failover in 3\d\.\d s, lag before 120 ms$")
        self.assertIn(answer.said, answer.log)

    def test_is_done_when_its_own_parts_are_available_whatever_the_global_cluster_is(self):
        self.regions.down.add(PRIMARY)
        answer = self.fail_over()
        self.assertEqual(self.regions.status, "failing-over")
        self.assertEqual(self.regions.cluster_status[SECONDARY], "available")
        self.assertGreater(answer.seconds, self.regions.move_seconds + self.regions.settle_seconds)

    def test_goes_on_without_a_lag(self):
        self.regions.lag[SECONDARY] = None
        self.assertIn("lag before unknown", self.fail_over().said)

    def test_goes_on_without_a_lag_when_cloudwatch_refuses(self):
        self.role.aws.denied["cloudwatch:GetMetricStatistics"] = float("inf")
        answer = self.fail_over()
        self.assertIn("lag before unknown", answer.said)
        self.assertLess(answer.seconds, 40, "it waits for a permission that it can do without")

    def test_goes_on_within_two_seconds_when_cloudwatch_never_answers(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:
            self.role.aws.real["cloudwatch"] = lambda region, config: boto3.client(
                "cloudwatch", region, config=config, endpoint_url=f"http://127.0.0.1:{silent.getsockname()[1]}"
            )
            began = time.monotonic()
            answer = self.fail_over()
        self.assertLess(time.monotonic() - began, 2.5)
        self.assertIn("lag before unknown", answer.said)
        self.assertIn("Read timeout", answer.log)

    def test_joins_a_failover_to_itself(self):
        self.regions.begin(SECONDARY, lossy=True)
        self.regions.clock.sleep(5)
        answer = self.fail_over()
        self.assertRegex(answer.said, "^joined a failover that was under way in ")
        self.assertEqual((self.regions.writer, self.role.moves()), (SECONDARY, []))

    def test_asks_away_a_switchover_that_hangs_every_ten_seconds_until_it_is_accepted(self):
        self.regions.begin(SECONDARY)
        self.regions.down.add(PRIMARY)
        self.regions.clock.sleep(5)
        answer = self.fail_over()
        self.assertEqual(answer.status, "SUCCESS")
        self.assertRegex(answer.said, "^failover in ")
        self.assertEqual(self.regions.writer, SECONDARY)
        self.assertGreaterEqual(len(self.role.moves()), 5)
        self.assertLessEqual(len(self.role.moves()), 7)
        self.assertEqual(self.role.aws.regions_asked(), {SECONDARY})

    def test_does_not_lose_what_a_switchover_saves_in_time(self):
        self.regions.begin(SECONDARY)
        self.regions.clock.sleep(5)
        self.assertEqual(self.fail_over().said, "nothing: already the writer")
        self.assertEqual(self.regions.writer, SECONDARY)
        self.assertIsNone(self.regions.operation)

    def test_waits_in_the_region_that_still_writes_until_a_hanging_switchover_away_is_given_up(self):
        self.regions.swap()
        self.regions.begin(PRIMARY)
        self.regions.down.add(PRIMARY)
        self.regions.clock.sleep(5)
        self.regions.clock.after(300, lambda: setattr(self.regions, "gives_up", True))
        answer = self.fail_over()
        self.assertEqual((answer.status, answer.said), ("SUCCESS", "nothing: already the writer"))
        self.assertGreater(answer.seconds, 300)
        self.assertEqual((self.role.moves(), self.role.aws.regions_asked()), ([], {SECONDARY}))

    def test_follows_a_switchover_away_that_gets_through_after_all(self):
        self.regions.swap()
        self.regions.begin(PRIMARY)
        self.regions.clock.sleep(5)
        self.assertRegex(self.fail_over().said, "^failover in ")
        self.assertEqual(self.regions.writer, SECONDARY)

    def test_that_takes_longer_than_there_is_time_is_refused_and_joined_by_the_next_run(self):
        self.regions.move_seconds = 1200
        answer = self.fail_over()
        self.assertEqual(answer.status, "FAILED")
        self.assertRegex(
            answer.said,
            r"^no time is left to wait for the failover to arn:.*:unishop-secondary \(connected, global database "
            r"failing-over\): run the same command again$",
        )
        self.assertLess(answer.seconds, 900)
        again = self.fail_over()
        self.assertRegex(again.said, "^joined a failover that was under way in ")
        self.assertEqual(len(self.role.moves()), 1)

    def test_that_aws_gives_up_is_refused(self):
        self.regions.gives_up = True
        answer = self.fail_over()
        self.assertEqual(answer.status, "FAILED")
        self.assertRegex(answer.said, "^AWS gave up the failover to .*run the command again$")
        self.assertLess(answer.seconds, 120)

    def test_goes_on_when_a_new_role_is_denied_for_a_while(self):
        for action in self.role.aws.granted - {"rds:SwitchoverGlobalCluster"}:
            with self.subTest(action):
                self.setUp()
                self.role.aws.denied[action] = 40
                self.assertEqual(self.fail_over().status, "SUCCESS")
                self.assertEqual(self.regions.writer, SECONDARY)

    def test_fails_in_aws_s_words_after_a_minute_of_being_denied(self):
        self.role.aws.denied["rds:FailoverGlobalCluster"] = float("inf")
        answer = self.fail_over()
        self.assertEqual(answer.status, "FAILED")
        self.assertIn("not authorized to perform: rds:FailoverGlobalCluster", answer.said)
        self.assertGreater(answer.seconds, 60)
        self.assertLess(answer.seconds, 80)


class AMoveWhoseAnswerWasLost(unittest.TestCase):
    LOST = "no answer", "connection lost", "unavailable"

    def failover(self):
        return RegionRole(SECONDARY), "active", "failover"

    def switchover(self):
        role = RegionRole(PRIMARY)
        role.regions.swap()
        return role, "active", "switchover"

    def test_is_reported_with_its_lag_and_made_only_once(self):
        for make in (self.failover, self.switchover):
            for lost in self.LOST:
                # It is seen under way, and seen only when it is over.
                for seconds in (30, 0):
                    with self.subTest(make.__name__, lost=lost, seconds=seconds):
                        role, *asked = make()
                        role.regions.move_seconds = seconds
                        word = asked[1]
                        role.aws.lost[f"rds:{word.capitalize()}GlobalCluster"] = lost
                        answer = role.ask(*asked)
                        self.assertRegex(
                            answer.said, rf"^{word} \(its answer was lost\) in \d+\.\d s, lag before 120 ms$"
                        )
                        self.assertEqual((answer.status, role.regions.writer), ("SUCCESS", role.region))
                        self.assertEqual(len(role.moves()), 1)

    def test_is_reported_when_it_is_asked_for_again_before_it_shows(self):
        for make in (self.failover, self.switchover):
            with self.subTest(make.__name__):
                role, *asked = make()
                role.regions.shows_seconds = 15
                role.aws.lost[f"rds:{asked[1].capitalize()}GlobalCluster"] = "connection lost"
                self.assertRegex(role.ask(*asked).said, rf"^{asked[1]} \(its answer was lost\) in ")
                self.assertEqual(len(role.moves()), 2)

    def test_that_never_reached_aws_is_made_again(self):
        for make in (self.failover, self.switchover):
            for lost in ("no answer", "connection lost", "unavailable", "no connection"):
                with self.subTest(make.__name__, lost=lost):
                    role, *asked = make()
                    role.aws.trouble[f"rds:{asked[1].capitalize()}GlobalCluster"] = (5, lost)
                    answer = role.ask(*asked)
                    self.assertRegex(answer.said, f"^{asked[1]} in ")
                    self.assertEqual((len(role.moves()), role.regions.writer), (2, role.region))

    def test_is_not_reported_of_a_call_that_found_no_connection(self):
        role = RegionRole(SECONDARY)
        role.regions.begin(SECONDARY)  # a switchover, which does not show yet
        role.aws.trouble["rds:FailoverGlobalCluster"] = (60, "no connection")
        self.assertEqual(role.ask("active", "failover").said, "nothing: already the writer")


class ASwitchover(unittest.TestCase):
    """A failback: the primary becomes the writer instead of the secondary."""

    def setUp(self):
        self.role = RegionRole(PRIMARY)
        self.regions = self.role.regions
        self.regions.swap()

    def switch_over(self, **how):
        return self.role.ask("active", **how)

    def test_is_asked_in_the_region_of_the_writer_and_loses_nothing(self):
        answer = self.switch_over()
        self.assertRegex(answer.said, r"^switchover in 3\d\.\d s, lag before 120 ms$")
        self.assertEqual(self.role.moves(), [(SECONDARY, "switchover", PRIMARY)])
        self.assertEqual(self.regions.writer, PRIMARY)

    def test_joins_one_to_itself(self):
        self.regions.begin(PRIMARY)
        self.regions.clock.sleep(5)
        self.assertRegex(self.switch_over().said, "^joined a switchover that was under way in ")
        self.assertEqual((self.regions.writer, self.role.moves()), (PRIMARY, []))

    def test_waits_out_one_to_the_other_region_and_then_makes_its_cluster_the_writer(self):
        self.regions.swap()
        self.regions.writer = PRIMARY
        self.regions.lag = {PRIMARY: 120.0, SECONDARY: 120.0}
        self.regions.begin(SECONDARY)
        self.regions.clock.sleep(5)
        answer = self.switch_over()
        self.assertRegex(answer.said, "^switchover in ")
        self.assertEqual(set(self.role.moves()), {(SECONDARY, "switchover", PRIMARY)})
        self.assertEqual(self.regions.writer, PRIMARY)

    def test_waits_for_a_member_that_is_resynchronised(self):
        self.regions.members[PRIMARY] = "pending-resync"
        self.regions.clock.after(200, lambda: self.regions.members.update({PRIMARY: "connected"}))
        answer = self.switch_over()
        self.assertEqual(answer.status, "SUCCESS")
        self.assertGreater(answer.seconds, 200)
        self.assertEqual(len(self.role.moves()), 1, "asked before it could be accepted")

    def test_is_refused_when_resynchronising_takes_longer_than_there_is_time(self):
        self.regions.members[PRIMARY] = "pending-resync"
        answer = self.switch_over()
        self.assertRegex(
            answer.said,
            r"^no time is left to wait for the switchover to .*:unishop-primary \(pending-resync, global database "
            r"available\)",
        )
        self.assertEqual((answer.status, self.role.moves()), ("FAILED", []))

    def test_is_tried_again_every_ten_seconds_while_aws_does_not_accept_it(self):
        self.regions.status = "modifying"
        self.regions.clock.after(35, lambda: setattr(self.regions, "status", "available"))
        self.assertEqual(self.switch_over().status, "SUCCESS")
        self.assertGreaterEqual(len(self.role.moves()), 4)
        self.assertLessEqual(len(self.role.moves()), 5)

    def test_that_aws_gives_up_is_refused(self):
        self.regions.gives_up = True
        answer = self.switch_over()
        self.assertRegex(answer.said, "^AWS gave up the switchover to ")
        self.assertEqual((answer.status, self.regions.writer), ("FAILED", SECONDARY))

    def test_is_refused_within_two_minutes_when_an_outage_of_the_other_region_begins_in_the_middle(self):
        role = RegionRole(SECONDARY)
        role.regions.clock.after(5, lambda: role.regions.down.add(PRIMARY))
        answer = role.ask("active")
        self.assertEqual(answer.status, "FAILED")
        self.assertIn("us-east-1 is silent", answer.said)
        self.assertLess(answer.seconds, 120)

    def test_is_refused_within_two_minutes_during_an_outage_of_the_region_of_the_writer(self):
        self.regions.down.add(SECONDARY)
        answer = self.switch_over()
        self.assertEqual(answer.status, "FAILED")
        self.assertEqual(answer.said, "us-west-1 is silent, and a switchover needs it; a failover does not")
        self.assertLess(answer.seconds, 120)

    def test_goes_on_while_the_other_region_is_busy(self):
        role = RegionRole(SECONDARY)
        role.regions.move_seconds = 200
        role.aws.trouble["rds:DescribeDBClusters"] = (150, "throttled")
        self.assertRegex(role.ask("active").said, "^switchover in ")

    def test_asked_by_a_run_whose_operation_has_ended_is_never_begun(self):
        endings = {
            "cancelled": lambda: self.regions.set_stack(PRIMARY, "UPDATE_ROLLBACK_IN_PROGRESS"),
            "rolled back": lambda: self.regions.set_stack(PRIMARY, "UPDATE_ROLLBACK_COMPLETE"),
            "another update begun": lambda: self.regions.set_stack(PRIMARY, "UPDATE_IN_PROGRESS", since=100),
        }
        for ending, end in endings.items():
            with self.subTest(ending):
                self.setUp()
                self.regions.members[PRIMARY] = "pending-resync"
                self.regions.clock.after(100, end)
                self.regions.clock.after(200, lambda: self.regions.members.update({PRIMARY: "connected"}))
                answer = self.switch_over()
                self.assertRegex(answer.said, "^nothing: Update in ")
                self.assertEqual((answer.status, self.role.moves()), ("SUCCESS", []))

    def test_is_not_begun_by_a_new_role_when_the_operation_ends_while_it_is_denied(self):
        self.role.aws.denied["rds:SwitchoverGlobalCluster"] = 30
        self.regions.clock.after(20, lambda: self.regions.set_stack(PRIMARY, "UPDATE_ROLLBACK_IN_PROGRESS"))
        self.assertRegex(self.switch_over().said, "^nothing: ")
        self.assertEqual(self.regions.writer, SECONDARY)
        self.assertIsNone(self.regions.operation)

    def test_is_not_begun_twice_by_a_second_event_that_comes_while_the_first_still_runs(self):
        second = RegionRole(PRIMARY, self.regions)
        answers = []

        def cancel():
            self.regions.set_stack(PRIMARY, "UPDATE_ROLLBACK_IN_PROGRESS")
            answers.append(second.send("Update", {"Role": "pilot-light", "Way": "switchover", "Reconcile": ""}))

        self.regions.clock.after(15, cancel)
        answer = self.switch_over()
        self.assertEqual(
            [(a.status, a.said) for a in answers], [("SUCCESS", "nothing: Update in UPDATE_ROLLBACK_IN_PROGRESS")]
        )
        self.assertEqual((self.role.moves(), second.moves()), ([(SECONDARY, "switchover", PRIMARY)], []))
        self.assertEqual(
            (answer.status, self.regions.writer), ("SUCCESS", PRIMARY), "what has begun is seen to its end"
        )


class AMoveThatAwsDoesNotAccept(unittest.TestCase):
    """The refusal ends with AWS's last words and the member's state, and the log has each of AWS's words once."""

    def refused(self, role, *asked):
        answer = role.ask(*asked)
        self.assertEqual(answer.status, "FAILED")
        self.assertGreater(len(role.moves()), 50)
        self.assertEqual(answer.log.count("An error occurred"), 2, "in the log's line and in the answer's")
        return answer.said

    def test_to_a_member_that_is_resynchronised(self):
        role = RegionRole(SECONDARY)
        role.regions.members[SECONDARY] = "pending-resync"
        self.assertRegex(
            self.refused(role, "active", "failover"),
            r"^no time is left to wait for the failover to arn:.*:unishop-secondary \(pending-resync, global database "
            r"available\): run the same command again \(An error .*FailoverGlobalCluster operation: "
            r"The failover request is not successful because replication setup is still in progress\. .*\)$",
        )

    def test_while_the_global_database_is_changed(self):
        for region, way in ((SECONDARY, "failover"), (PRIMARY, "switchover")):
            with self.subTest(way):
                role = RegionRole(region)
                if way == "switchover":
                    role.regions.swap()
                role.regions.status, role.regions.modifying = "modifying", True
                self.assertRegex(
                    self.refused(role, "active", way),
                    rf"^no time is left to wait for the {way} to .* \(connected, global database modifying\): "
                    r"run the same command again \(An error .*: The global cluster arn:.* is modifying\.\)$",
                )

    def test_names_an_operation_that_is_under_way_by_the_state_of_the_global_database(self):
        role = RegionRole(SECONDARY)
        role.regions.hanging_seconds = 10_000
        role.regions.begin(SECONDARY)
        role.regions.down.add(PRIMARY)
        role.regions.clock.sleep(5)
        said = self.refused(role, "active", "failover")
        self.assertRegex(said, r"\(connected, global database switching-over\): run")

    def test_does_not_report_what_aws_said_before_it_accepted(self):
        role = RegionRole(SECONDARY)
        role.regions.status, role.regions.modifying, role.regions.move_seconds = "modifying", True, 2000
        role.regions.clock.after(100, lambda: setattr(role.regions, "modifying", False))
        said = role.ask("active", "failover").said
        self.assertRegex(said, r"global database failing-over\): run the same command again$")


class WhatServes(unittest.TestCase):
    """With a new value of reconcile the region is active only when its shop can be reached as customers reach it."""

    def setUp(self):
        self.role = RegionRole(PRIMARY)
        self.regions = self.role.regions
        self.regions.swap()
        self.site = self.regions.site(PRIMARY)
        self.health = "http://ec2-us-east-1.example/health/ishealthy"

    def reconcile(self, before="", now="1", way="switchover", **how):
        return self.role.ask("active", way, reconcile=(before, now), **how)

    def test_is_asked_for_before_the_database_moves(self):
        self.assertRegex(self.reconcile().said, "^switchover in ")
        self.assertEqual(self.regions.visited, [self.site + "/config.json", self.site, self.health])

    def test_that_is_missing_is_named_with_the_command_that_brings_it_back(self):
        for url in (self.site + "/config.json", self.site, self.health):
            for missing, why in (
                (None, "HTTP Error 404: Not Found"),
                (TimeoutError("timed out"), "timed out"),
                (ConnectionResetError("reset"), "reset"),
            ):
                with self.subTest(url, why=why):
                    self.setUp()
                    self.regions.web[url] = missing
                    if missing is None:
                        del self.regions.web[url]
                    answer = self.reconcile()
                    self.assertEqual((answer.status, self.role.moves()), ("FAILED", []))
                    self.assertEqual(
                        answer.said,
                        f"{url}: {why}: the instance, or what it has published, is gone: deploy with another "
                        "server-zone, and back (`cdk deploy --all -c failover=false -c server-zone=2`)",
                    )
                    self.assertGreater(answer.seconds, 25)
                    self.assertLess(answer.seconds, 60)

    def test_that_is_no_config_json_is_named(self):
        for text in ("", "<html>", "{}", "[]"):
            with self.subTest(text):
                self.setUp()
                self.regions.web[self.site + "/config.json"] = text
                self.assertRegex(self.reconcile().said, f"^{self.site}/config.json: .* is gone")

    def test_is_waited_for_while_an_instance_publishes_the_site(self):
        config = self.regions.web.pop(self.site + "/config.json")
        self.regions.clock.after(20, lambda: self.regions.web.update({self.site + "/config.json": config}))
        self.assertEqual(self.reconcile().status, "SUCCESS")

    def test_is_not_asked_for_otherwise(self):
        for what, ask in {
            "no value": lambda: self.reconcile("1", ""),
            "the value of before": lambda: self.reconcile("1", "1"),
            "a failover": lambda: self.reconcile(way="failover"),
            "a pilot light": lambda: self.role.ask("pilot-light", reconcile=("", "1")),
        }.items():
            with self.subTest(what):
                self.setUp()
                self.regions.web.clear()
                self.assertEqual(ask().status, "SUCCESS")

    def test_is_not_there_yet_when_the_stack_is_created(self):
        self.regions.web.clear()
        del self.regions.stacks[PRIMARY]["Outputs"]
        self.assertEqual(self.role.ask("active", request="Create", reconcile=("", "1")).status, "SUCCESS")


class AClusterThatIsNotInTheGlobalDatabase(unittest.TestCase):
    def test_is_refused_whatever_is_asked_with_the_way_out(self):
        for what, ask in {
            "failover": lambda role: role.ask("active", "failover"),
            "switchover": lambda role: role.ask("active"),
            "pilot light": lambda role: role.ask("pilot-light"),
            "delete": lambda role: role.delete(),
        }.items():
            for region in (PRIMARY, SECONDARY):
                for gone in ("the cluster", "the global database"):
                    with self.subTest(what, region=region, gone=gone):
                        role = RegionRole(region)
                        if gone == "the cluster":
                            del role.regions.members[region]
                        else:
                            role.regions.names["global"] = "another"
                        answer = ask(role)
                        self.assertEqual((answer.status, role.moves()), ("FAILED", []))
                        self.assertRegex(
                            answer.said,
                            "is not in the global database unishop: docs/runbook.md, "
                            '"A cluster that is not in the global database"$',
                        )


if __name__ == "__main__":
    unittest.main()
