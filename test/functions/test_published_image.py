"""PublishedImage: the pilot light boots the image that is proven in the primary, and the one before it is kept. Images:
what has been baked is deleted.
"""

import unittest

from running import PRIMARY, SECONDARY, Lambda

OLD, NEW = (
    "arn:aws:imagebuilder:us-east-1:111122223333:image/unishop/1.0.1/1",
    "arn:aws:imagebuilder:us-east-1:111122223333:image/unishop/1.0.2/1",
)


OLDER = "arn:aws:imagebuilder:us-east-1:111122223333:image/unishop/1.0.0/1"
NEWEST = "arn:aws:imagebuilder:us-east-1:111122223333:image/unishop/1.0.3/1"
AGAIN = "arn:aws:imagebuilder:us-east-1:111122223333:image/unishop/1.0.1/2"  # from OLD's sources
ALIEN = "arn:aws:imagebuilder:us-east-1:111122223333:image/unishop-2/1.0.1/1"
ELSEWHERE = "arn:aws:imagebuilder:eu-west-1:111122223333:image/unishop/1.0.1/1"

HOURS = {OLDER: 0, OLD: 1, NEW: 2, ALIEN: 3, ELSEWHERE: 4, NEWEST: 9, AGAIN: 9}


def ami(region, hour):
    """Its last digits say the hour of its bake."""
    return f"ami-0000000000000{'e' if region == PRIMARY else 'd'}{hour:03d}"


class Published(unittest.TestCase):
    def setUp(self):
        self.published = Lambda("Custom::PublishedImage", PRIMARY)
        self.regions = self.published.regions
        for arn in (OLD, NEW, ALIEN, ELSEWHERE):
            self.bake(arn)
        self.pilot_light = self.regions.stacks.pop(SECONDARY)

    def bake(self, arn):
        for region in (PRIMARY, SECONDARY):
            self.regions.images[region, arn] = [ami(region, HOURS[arn])]

    def send(self, request, image=NEW, status=None, old=OLD, reconcile=("", ""), serves=("current", "current")):
        self.regions.set_stack(PRIMARY, status or request.upper() + "_IN_PROGRESS")
        before = {"Image": old, "Serves": serves[0], "Reconcile": reconcile[0]} if request == "Update" else None
        asked = {"Image": image, "Serves": serves[1], "Reconcile": reconcile[1]}
        return self.published.send(request, asked, old=before)

    def own(self, request, version="1.0.2", old="1.0.1", status=None):
        """An event of Custom::Images, which the same function acts for."""
        self.regions.set_stack(PRIMARY, status or request.upper() + "_IN_PROGRESS")
        event = self.published.event(request, {"Version": version}, {"Version": old} if request == "Update" else None)
        return self.published.deliver(event | {"ResourceType": "Custom::Images"})

    def written(self):
        return self.published.aws.called("PutParameter")

    def parameters(self, region):
        """By the last word of their names."""
        return {
            name.rpartition("/")[2]: value
            for (where, name), value in self.regions.parameters.items()
            if where == region
        }

    def left(self):
        return {(region, arn) for (region, arn), images in self.regions.images.items() if images}

    def both(self, *arns):
        return {(region, arn) for region in (PRIMARY, SECONDARY) for arn in (*arns, ALIEN, ELSEWHERE)}


class ThePublishedImage(Published):
    def test_is_the_copy_in_the_pilot_light_s_region(self):
        for request in ("Create", "Update"):
            with self.subTest(request):
                self.setUp()
                answer = self.send(request)
                self.assertEqual((answer.status, self.regions.parameter), ("SUCCESS", "ami-0000000000000d002"))
                self.assertEqual(answer.said, "/unishop/image in us-west-1 is ami-0000000000000d002")

    def test_replaces_the_old_one(self):
        self.regions.parameter = "ami-0000000000000d001"
        self.send("Update")
        self.assertEqual(self.regions.parameter, "ami-0000000000000d002")

    def test_is_not_written_again(self):
        self.send("Create")
        answer = self.send("Update")
        self.assertEqual(answer.said, "/unishop/image in us-west-1 is ami-0000000000000d002")
        self.assertEqual([p["Name"] for _region, p in self.written()], ["/unishop/image", "/unishop/image/baked"])

    def test_is_waited_for_until_parameter_store_has_looked_at_it(self):
        self.regions.validation_seconds = 100
        answer = self.send("Create")
        self.assertEqual((answer.status, self.regions.parameter), ("SUCCESS", "ami-0000000000000d002"))
        self.assertGreater(answer.seconds, 100)

    def test_that_parameter_store_rejects_is_refused_before_the_time_is_over(self):
        self.regions.parameter, self.regions.rejected = "ami-0000000000000d001", {"ami-0000000000000d002"}
        answer = self.send("Update")
        self.assertEqual((answer.status, self.regions.parameter), ("FAILED", "ami-0000000000000d001"))
        self.assertRegex(answer.said, "^/unishop/image: Parameter Store has not accepted ami-0000000000000d002")
        self.assertLess(answer.seconds, self.published.function.seconds)

    def test_is_refused_when_no_copy_has_the_image_s_tag(self):
        self.regions.images[SECONDARY, NEW] = []
        answer = self.send("Create")
        self.assertEqual((answer.status, self.written()), ("FAILED", []))
        self.assertEqual(answer.said, f"no image in us-west-1 has the tag:Ec2ImageBuilderArn {NEW}")

    def test_is_the_newest_copy_when_a_version_was_baked_again(self):
        self.regions.images[SECONDARY, NEW].append("ami-0000000000000d009")
        self.send("Create")
        self.assertEqual(self.regions.parameter, "ami-0000000000000d009")

    def test_is_the_old_one_again_after_a_rollback(self):
        self.regions.parameter = "ami-0000000000000d001"
        self.send("Update", NEW)
        answer = self.send("Update", OLD, old=NEW, status="UPDATE_ROLLBACK_IN_PROGRESS")
        self.assertEqual((answer.status, self.regions.parameter), ("SUCCESS", "ami-0000000000000d001"))

    def test_is_the_old_one_again_even_when_the_other_region_is_active(self):
        self.regions.parameter = "ami-0000000000000d002"
        self.regions.writer = SECONDARY
        answer = self.send("Update", OLD, old=NEW, status="UPDATE_ROLLBACK_IN_PROGRESS")
        self.assertEqual((answer.status, self.regions.parameter), ("SUCCESS", "ami-0000000000000d001"))

    def test_is_refused_when_it_has_changed_and_the_other_region_is_active(self):
        for request, parameter in (("Update", "ami-0000000000000d001"), ("Create", None)):
            with self.subTest(request):
                self.setUp()
                self.regions.parameter, self.regions.writer = parameter, SECONDARY
                answer = self.send(request)
                self.assertEqual((answer.status, self.regions.parameter, self.written()), ("FAILED", parameter, []))
                self.assertEqual(
                    answer.said,
                    "us-east-1 is not active, so nothing has served from this image: deploy the release that is "
                    "deployed, or activate us-east-1 first (`cdk deploy --all -c failover=false`)",
                )

    def test_is_no_other_one_when_the_resource_is_created_under_another_name(self):
        self.regions.parameter, self.regions.writer = "ami-0000000000000d002", SECONDARY
        answer = self.send("Create", status="UPDATE_IN_PROGRESS")
        self.assertEqual(answer.said, "/unishop/image in us-west-1 is ami-0000000000000d002")

    def test_stays_while_there_is_a_pilot_light(self):
        self.send("Create")
        self.regions.stacks[SECONDARY] = self.pilot_light
        answer = self.send("Delete")
        self.assertEqual((answer.status, self.regions.parameter), ("FAILED", "ami-0000000000000d002"))
        self.assertIn("destroy unishop-secondary first", answer.said)

    def test_stays_when_the_construct_is_renamed(self):
        self.send("Create", status="UPDATE_IN_PROGRESS")
        answer = self.send("Delete", status="UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        self.assertEqual((answer.status, self.regions.parameter), ("SUCCESS", "ami-0000000000000d002"))

    def test_is_published_by_a_role_that_takes_a_while(self):
        for action in self.published.aws.granted:
            with self.subTest(action):
                self.setUp()
                self.published.aws.denied[action] = 30
                self.assertEqual([self.send("Create").status, self.send("Delete").status], ["SUCCESS", "SUCCESS"])


class AnUnchangedImage(Published):
    """Whatever region is active."""

    def unchanged(self, before, now, **how):
        self.regions.writer = SECONDARY
        return self.send("Update", OLD, reconcile=(before, now), **how)

    def test_is_written_again_for_a_new_value_of_reconcile(self):
        for parameter in (None, "ami-0000000000000d002"):
            for before in ("", "1"):
                with self.subTest(parameter=parameter, before=before):
                    self.setUp()
                    self.regions.parameter = parameter
                    self.assertEqual(self.unchanged(before, "2").status, "SUCCESS")
                    self.assertEqual(self.regions.parameter, "ami-0000000000000d001")

    def test_is_read_with_the_time_of_its_bake_when_only_that_is_missing(self):
        self.send("Create", OLD)
        del self.regions.parameters[SECONDARY, "/unishop/image/baked"]
        self.assertEqual(self.unchanged("", "1").status, "SUCCESS")
        self.assertEqual(self.parameters(SECONDARY)["baked"], "2026-01-01T01:00:00.000Z")

    def test_asks_no_other_region_otherwise(self):
        for before, now, how in (
            ("1", "", {}),
            ("1", "1", {}),  # ServiceTimeout, for example, has changed
            ("", "", {}),
            ("2", "1", {"status": "UPDATE_ROLLBACK_IN_PROGRESS"}),
            ("", "1", {"status": "UPDATE_ROLLBACK_IN_PROGRESS"}),
        ):
            with self.subTest(before=before, now=now):
                self.setUp()
                self.regions.down.add(SECONDARY)
                answer = self.unchanged(before, now, **how)
                self.assertEqual((answer.status, answer.said), ("SUCCESS", "nothing: the image is the same"))
                self.assertEqual(self.published.aws.regions_asked(), {PRIMARY})
                self.assertLess(answer.seconds, 1)


class TheTimeOfTheBake(Published):
    def test_is_in_every_answer_and_in_the_pilot_light_s_region(self):
        for image, how in (
            (NEW, {}),
            (NEW, {"old": NEW}),  # nothing has changed
            (OLD, {"old": NEW, "status": "UPDATE_ROLLBACK_IN_PROGRESS"}),
        ):
            with self.subTest(image, **how):
                answer = self.send("Update", image, **how)
                hour = "01" if image == OLD else "02"
                self.assertEqual(answer.body["Data"]["Baked"], f"2026-01-01T{hour}:00:00.000Z")
                self.assertEqual(self.parameters(SECONDARY)["baked"], answer.body["Data"]["Baked"])

    def test_is_that_of_the_previous_image_while_that_serves(self):
        self.send("Update")
        answer = self.send("Update", old=NEW, serves=("current", "previous"))
        self.assertEqual(answer.body["Data"]["Baked"], "2026-01-01T01:00:00.000Z")


class ThePreviousImage(Published):
    """The system has released OLDER, OLD and NEW, one after the other."""

    def setUp(self):
        super().setUp()
        for region in (PRIMARY, SECONDARY):
            del self.regions.images[region, OLD], self.regions.images[region, NEW]

    def release(self, image, old, **how):
        self.bake(image)
        answer = self.send("Update" if old else "Create", image, old=old, **how)
        self.assertEqual(answer.status, "SUCCESS", answer.said)

    def released(self):
        for image, old in (OLDER, None), (OLD, OLDER), (NEW, OLD):
            self.release(image, old)

    def test_is_kept_in_both_regions_and_what_is_older_is_deleted(self):
        self.release(OLDER, None)
        self.assertNotIn("previous", self.parameters(PRIMARY))
        self.release(OLD, OLDER)
        self.assertEqual(self.left(), self.both(OLDER, OLD))
        self.release(NEW, OLD)
        for region in (PRIMARY, SECONDARY):
            self.assertEqual(self.parameters(region)["previous"], ami(region, 1))
        self.assertEqual(self.left(), self.both(OLD, NEW))

    def test_is_published_when_this_region_serves_from_it_and_the_newer_one_when_it_serves_from_that(self):
        self.released()
        for serves, hour in (("current", "previous"), 1), (("previous", "current"), 2):
            answer = self.send("Update", old=NEW, serves=serves)
            self.assertEqual((answer.status, self.regions.parameter), ("SUCCESS", ami(SECONDARY, hour)))
            self.assertEqual(self.parameters(SECONDARY)["previous"], ami(SECONDARY, 1))
        self.assertEqual(self.left(), self.both(OLD, NEW))

    def test_stays_the_previous_one_when_it_served_until_the_release(self):
        """NEW was bad: it is no way back."""
        for serves in ("previous", "current"), ("previous", "previous"), ("current", "previous"):
            with self.subTest(serves):
                self.setUp()
                self.released()
                if serves[0] == "previous":
                    self.send("Update", old=NEW, serves=("current", "previous"))
                self.release(NEWEST, NEW, serves=serves)
                self.assertEqual(self.parameters(PRIMARY)["previous"], ami(PRIMARY, 1))
                self.assertEqual(self.regions.parameter, ami(SECONDARY, 9 if serves[1] == "current" else 1))
                self.assertEqual(self.left(), self.both(OLD, NEWEST))

    def test_is_published_whichever_region_is_active_and_the_current_one_is_not(self):
        self.released()
        self.regions.writer = SECONDARY
        self.send("Update", old=NEW, serves=("current", "previous"))
        self.assertEqual(self.regions.parameter, ami(SECONDARY, 1))
        answer = self.send("Update", old=NEW, serves=("previous", "current"))
        self.assertEqual((answer.status, self.regions.parameter), ("SUCCESS", ami(SECONDARY, 1)))
        self.assertRegex(answer.said, "^/unishop/image in us-west-1 stays as it is: us-east-1 is not active")

    def test_serves_here_although_the_other_region_is_silent(self):
        self.released()
        self.regions.down.add(SECONDARY)
        answer = self.send("Update", old=NEW, serves=("current", "previous"))
        self.assertEqual((answer.status, self.regions.parameter), ("SUCCESS", ami(SECONDARY, 2)))
        self.assertRegex(answer.said, "^/unishop/image in us-west-1 stays as it is: ")
        self.assertLess(answer.seconds, 90)
        answer = self.send("Update", old=NEW, reconcile=("", "1"), serves=("previous", "previous"))
        self.assertEqual(answer.status, "FAILED", "asked for by name")

    def test_is_not_lost_by_a_release_that_is_rolled_back(self):
        self.released()
        for baked in NEWEST, AGAIN:
            with self.subTest(baked):
                self.bake(baked)
                version = baked.split("/")[2]
                answer = self.own("Update", "1.0.2", old=version, status="UPDATE_ROLLBACK_IN_PROGRESS")
                self.assertEqual(answer.said, "nothing")
                self.assertEqual(self.left(), self.both(OLD, NEW))

    def test_of_which_nothing_is_left_is_refused(self):
        self.released()
        self.regions.images[PRIMARY, OLD] = []
        answer = self.send("Update", old=NEW, serves=("current", "previous"))
        self.assertEqual(
            (answer.status, answer.said), ("FAILED", f"no image in us-east-1 has the image-id {ami(PRIMARY, 1)}")
        )


class TheOwnerOfTheImages(Published):
    def test_deletes_all_of_them_and_their_parameters_with_the_stack_or_with_its_failed_creation(self):
        for status in ("DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"):
            with self.subTest(status):
                self.setUp()
                self.send("Create", OLD)
                self.send("Update")
                answer = self.own("Delete", status=status)
                self.assertEqual((answer.status, answer.said), ("SUCCESS", "deleted all images"))
                self.assertEqual((self.regions.parameters, self.left()), ({}, self.both()))

    def test_deletes_what_was_baked_although_nothing_was_published(self):
        self.assertEqual(self.own("Delete", status="ROLLBACK_IN_PROGRESS").status, "SUCCESS")
        self.assertEqual(self.left(), self.both())

    def test_fails_when_an_image_cannot_be_deleted_with_the_stack(self):
        self.published.aws.denied["ec2:DeregisterImage"] = float("inf")
        self.assertEqual(self.own("Delete").status, "FAILED")

    def test_fails_no_release_and_no_rollback(self):
        for happens in (
            lambda: self.send("Update"),
            lambda: self.own("Update", "1.0.1", old="1.0.2", status="UPDATE_ROLLBACK_IN_PROGRESS"),
        ):
            self.setUp()
            self.bake(OLDER)
            self.published.aws.denied["ec2:DeregisterImage"] = float("inf")
            answer = happens()
            self.assertEqual(answer.status, "SUCCESS")
            self.assertIn("; an old image stays: ", answer.said)

    def test_deletes_nothing_before_a_release_and_nothing_when_it_is_renamed(self):
        for request, status in (
            ("Create", "CREATE_IN_PROGRESS"),
            ("Update", "UPDATE_IN_PROGRESS"),
            ("Delete", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
            ("Delete", "UPDATE_ROLLBACK_IN_PROGRESS"),
        ):
            with self.subTest(status):
                self.assertEqual(self.own(request, status=status).status, "SUCCESS")
        self.assertEqual(self.left(), self.both(OLD, NEW))

    def test_does_not_mind_an_image_that_is_gone(self):
        self.published.aws.lost["ec2:DeregisterImage"] = "connection lost"
        self.assertEqual(self.own("Delete").status, "SUCCESS")
        self.assertEqual(self.left(), self.both())


if __name__ == "__main__":
    unittest.main()
