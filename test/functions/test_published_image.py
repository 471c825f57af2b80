"""PublishedImage: the pilot light boots the image that is proven in the primary."""

import unittest

from running import PRIMARY, SECONDARY, Lambda

OLD, NEW = (
    "arn:aws:imagebuilder:us-east-1:111122223333:image/unishop/1.0.1/1",
    "arn:aws:imagebuilder:us-east-1:111122223333:image/unishop/1.0.2/1",
)


class Published(unittest.TestCase):
    def setUp(self):
        self.published = Lambda("Custom::PublishedImage", PRIMARY)
        self.regions = self.published.regions
        self.regions.images = {
            (SECONDARY, OLD): ["ami-0000000000000001d"],
            (SECONDARY, NEW): ["ami-0000000000000002d"],
            (PRIMARY, NEW): ["ami-000000000000000ee"],
        }
        self.pilot_light = self.regions.stacks.pop(SECONDARY)

    def send(self, request, image=NEW, status=None, old=OLD, reconcile=("", "")):
        self.regions.set_stack(PRIMARY, status or request.upper() + "_IN_PROGRESS")
        before = {"Image": old, "Reconcile": reconcile[0]} if request == "Update" else None
        return self.published.send(request, {"Image": image, "Reconcile": reconcile[1]}, old=before)

    def written(self):
        return self.published.aws.called("PutParameter")


class ThePublishedImage(Published):
    def test_is_the_copy_in_the_pilot_light_s_region(self):
        for request in ("Create", "Update"):
            with self.subTest(request):
                self.setUp()
                answer = self.send(request)
                self.assertEqual((answer.status, self.regions.parameter), ("SUCCESS", "ami-0000000000000002d"))
                self.assertEqual(answer.said, "/unishop/image in us-west-1 is ami-0000000000000002d")

    def test_replaces_the_old_one(self):
        self.regions.parameter = "ami-0000000000000001d"
        self.send("Update")
        self.assertEqual(self.regions.parameter, "ami-0000000000000002d")

    def test_is_not_written_again(self):
        self.send("Create")
        answer = self.send("Update")
        self.assertEqual(answer.said, "nothing: /unishop/image is ami-0000000000000002d already")
        self.assertEqual(len(self.written()), 1)

    def test_is_waited_for_until_parameter_store_has_looked_at_it(self):
        self.regions.validation_seconds = 100
        answer = self.send("Create")
        self.assertEqual((answer.status, self.regions.parameter), ("SUCCESS", "ami-0000000000000002d"))
        self.assertGreater(answer.seconds, 100)

    def test_that_parameter_store_rejects_is_refused_before_the_time_is_over(self):
        self.regions.parameter, self.regions.rejected = "ami-0000000000000001d", {"ami-0000000000000002d"}
        answer = self.send("Update")
        self.assertEqual((answer.status, self.regions.parameter), ("FAILED", "ami-0000000000000001d"))
        self.assertRegex(answer.said, "^/unishop/image: Parameter Store has not accepted ami-0000000000000002d")
        self.assertLess(answer.seconds, self.published.function.seconds)

    def test_is_refused_when_no_copy_or_several_have_the_image_s_tag(self):
        for copies in ([], ["ami-0000000000000002d", "ami-0000000000000003d"]):
            with self.subTest(copies=copies):
                self.setUp()
                self.regions.images[SECONDARY, NEW] = copies
                answer = self.send("Create")
                self.assertEqual((answer.status, self.written()), ("FAILED", []))
                self.assertRegex(
                    answer.said, f"^{len(copies)} images in us-west-1 have the tag Ec2ImageBuilderArn={NEW}"
                )

    def test_is_the_old_one_again_after_a_rollback(self):
        self.regions.parameter = "ami-0000000000000001d"
        self.send("Update", NEW)
        answer = self.send("Update", OLD, old=NEW, status="UPDATE_ROLLBACK_IN_PROGRESS")
        self.assertEqual((answer.status, self.regions.parameter), ("SUCCESS", "ami-0000000000000001d"))

    def test_is_the_old_one_again_even_when_the_other_region_is_active(self):
        self.regions.parameter = "ami-0000000000000002d"
        self.regions.writer = SECONDARY
        answer = self.send("Update", OLD, old=NEW, status="UPDATE_ROLLBACK_IN_PROGRESS")
        self.assertEqual((answer.status, self.regions.parameter), ("SUCCESS", "ami-0000000000000001d"))

    def test_is_refused_when_it_has_changed_and_the_other_region_is_active(self):
        for request, parameter in (("Update", "ami-0000000000000001d"), ("Create", None)):
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
        self.regions.parameter, self.regions.writer = "ami-0000000000000002d", SECONDARY
        answer = self.send("Create", status="UPDATE_IN_PROGRESS")
        self.assertEqual(answer.said, "nothing: /unishop/image is ami-0000000000000002d already")

    def test_is_removed_with_the_stack_or_with_its_failed_creation(self):
        for status in ("DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"):
            with self.subTest(status):
                self.send("Create")
                answer = self.send("Delete", status=status)
                self.assertEqual((answer.said, self.regions.parameter), ("removed /unishop/image", None))

    def test_stays_while_there_is_a_pilot_light(self):
        self.send("Create")
        self.regions.stacks[SECONDARY] = self.pilot_light
        answer = self.send("Delete")
        self.assertEqual((answer.status, self.regions.parameter), ("FAILED", "ami-0000000000000002d"))
        self.assertIn("destroy unishop-secondary first", answer.said)

    def test_that_is_gone_already_is_no_failure(self):
        answer = self.send("Delete")
        self.assertEqual((answer.status, answer.said), ("SUCCESS", "nothing: /unishop/image is gone"))

    def test_stays_when_the_construct_is_renamed(self):
        self.send("Create", status="UPDATE_IN_PROGRESS")
        answer = self.send("Delete", status="UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        self.assertEqual((answer.status, self.regions.parameter), ("SUCCESS", "ami-0000000000000002d"))

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
        for parameter in (None, "ami-0000000000000002d"):
            for before in ("", "1"):
                with self.subTest(parameter=parameter, before=before):
                    self.setUp()
                    self.regions.parameter = parameter
                    self.assertEqual(self.unchanged(before, "2").status, "SUCCESS")
                    self.assertEqual(self.regions.parameter, "ami-0000000000000001d")

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


if __name__ == "__main__":
    unittest.main()
