"""An API that is busy or silent for a while, as in a disaster, fails nothing: it is asked until the time is out."""

import unittest

from fake_aws import TROUBLES
from running import PRIMARY, SECONDARY, Lambda, RegionRole

IMAGE = "arn:aws:imagebuilder:us-east-1:111122223333:image/unishop/1.0.1/1"


def role(region, *asked, prepare=lambda regions: None, **how):
    def make():
        run = RegionRole(region)
        prepare(run.regions)
        return run, lambda: run.ask(*asked, **how) if asked else run.delete()

    return make


def swapped(regions):
    regions.swap()


def ready_to_demote(regions):
    regions.swap()
    regions.set_stack(PRIMARY, "UPDATE_COMPLETE", role="active")


def published(request, parameter=None):
    def make():
        run = Lambda("Custom::PublishedImage", PRIMARY)
        run.regions.images = {(PRIMARY, IMAGE): ["ami-11"], (SECONDARY, IMAGE): ["ami-01"]}
        run.regions.parameter = parameter
        run.regions.set_stack(PRIMARY, request.upper() + "_IN_PROGRESS")
        return run, lambda: run.send(request, {"Image": IMAGE})

    return make


def deleted(status):
    def make():
        run = Lambda("Custom::Images", PRIMARY)
        run.regions.images = {(PRIMARY, IMAGE): ["ami-11"], (SECONDARY, IMAGE): ["ami-01"]}
        run.regions.parameter = "ami-01"
        run.regions.set_stack(PRIMARY, status)
        return run, lambda: run.send("Delete", {"Version": "1.0.1"})

    return make


def teardown():
    run = Lambda("Custom::Teardown", PRIMARY)
    run.regions.objects = [("page", "null", False)]
    run.regions.set_stack(PRIMARY, "DELETE_IN_PROGRESS")
    return run, lambda: run.send("Delete", {"Bucket": "site"})


RUNS = {
    "failover": role(SECONDARY, "active", "failover"),
    "switchover": role(PRIMARY, "active", prepare=swapped),
    "demotion": role(SECONDARY, "pilot-light", prepare=ready_to_demote),
    "a new pilot light": role(SECONDARY, "pilot-light", request="Create"),
    "deletion": role(SECONDARY, prepare=swapped),
    "an image is published": published("Create"),
    "an image is replaced": published("Update", "ami-00"),
    "the images are deleted": deleted("DELETE_IN_PROGRESS"),
    "the images of a failed creation are deleted": deleted("ROLLBACK_IN_PROGRESS"),
    "a site is emptied": teardown,
}


def state(regions):
    images = {where: list(copies) for where, copies in regions.images.items()}
    return regions.writer, dict(regions.parameters), images, regions.objects


class Trouble(unittest.TestCase):
    def each(self, names=RUNS, kinds=TROUBLES):
        """Every run, with each kind of trouble in each action that it may call."""
        for name in names:
            for action in sorted(RUNS[name]()[0].aws.granted):
                for kind in kinds:
                    yield name, action, kind

    def meet(self, name, action, kind, seconds):
        run, send = RUNS[name]()
        run.aws.trouble[action] = (run.regions.clock.now + seconds, kind)
        return run, send()

    def outcome(self, name):
        run, send = RUNS[name]()
        send()
        return state(run.regions)

    def test_of_half_a_minute_does_not_change_the_outcome(self):
        for name, action, kind in self.each():
            with self.subTest(name, action=action, kind=kind):
                run, answer = self.meet(name, action, kind, 40)
                self.assertEqual((answer.status, state(run.regions)), ("SUCCESS", self.outcome(name)))

    def test_of_minutes_does_not_either_while_aws_answers_that_it_is_busy(self):
        for name, action, kind in self.each(kinds=["throttled"]):
            with self.subTest(name, action=action):
                run, answer = self.meet(name, action, kind, 240)
                self.assertEqual((answer.status, state(run.regions)), ("SUCCESS", self.outcome(name)))

    def test_of_minutes_does_not_change_a_failover(self):
        for name, action, kind in self.each(names=["failover"]):
            with self.subTest(action=action, kind=kind):
                run, answer = self.meet(name, action, kind, 600)
                self.assertEqual((answer.status, run.regions.writer), ("SUCCESS", SECONDARY))

    def test_without_end_fails_in_the_words_of_aws_when_the_time_is_out(self):
        logged = 0
        for name, action, kind in self.each(kinds=["throttled"]):
            with self.subTest(name, action=action):
                run, answer = self.meet(name, action, kind, float("inf"))
                if answer.status == "FAILED":
                    self.assertRegex(answer.said, "(run the same command again|has not accepted).*Rate exceeded")
                    self.assertLess(answer.seconds, run.function.seconds)
                    self.assertGreater(answer.seconds, run.function.seconds - 60)
                    logged += 1
        self.assertGreater(logged, 20)

    def test_is_logged_once(self):
        _, answer = self.meet("failover", "rds:DescribeGlobalClusters", "throttled", 200)
        self.assertEqual((answer.status, answer.log.count("Rate exceeded")), ("SUCCESS", 1))


class TheCheckBeforeAChange(unittest.TestCase):
    def test_that_is_not_answered_changes_nothing(self):
        for name, make in RUNS.items():
            for kind in TROUBLES:
                with self.subTest(name, kind=kind):
                    run, send = make()
                    before, asked = state(run.regions), run.regions.describe_stacks

                    def once(request, run=run, asked=asked, kind=kind, **parameters):
                        if request.region == run.region:
                            run.aws.trouble["cloudformation:DescribeStacks"] = (float("inf"), kind)
                        return asked(request, **parameters)

                    run.regions.describe_stacks = once
                    answer = send()
                    self.assertEqual(state(run.regions), before)
                    self.assertEqual(answer.status, "SUCCESS" if name == "a new pilot light" else "FAILED")


class WhatAwsRefuses(unittest.TestCase):
    def test_is_not_asked_again(self):
        run, send = RUNS["failover"]()
        run.regions.names["global"] = "another"
        self.assertLess(send().seconds, 5)
        self.assertEqual(len(run.aws.called("DescribeGlobalClusters")), 1)


if __name__ == "__main__":
    unittest.main()
