"""Teardown: the site's bucket is empty before it is deleted."""

import unittest

from running import PRIMARY, Lambda


class Teardown(unittest.TestCase):
    def setUp(self):
        self.teardown = Lambda("Custom::Teardown", PRIMARY)
        self.regions = self.teardown.regions
        self.regions.objects = [(f"page-{n}", "null", False) for n in range(2500)] + [
            ("page-1", "2", True),
            ("page-1", "1", False),
        ]

    def send(self, request="Delete", status="DELETE_IN_PROGRESS"):
        self.regions.set_stack(PRIMARY, status)
        return self.teardown.send(request, {"Bucket": "site"})

    def test_deletes_every_version_and_marker_page_by_page(self):
        answer = self.send()
        self.assertEqual((answer.said, self.regions.objects), ("deleted 2502 objects of site", []))

    def test_does_so_when_the_stack_s_creation_is_rolled_back(self):
        self.send(status="ROLLBACK_IN_PROGRESS")
        self.assertEqual(self.regions.objects, [])

    def test_has_nothing_to_do_in_an_empty_bucket_or_in_none(self):
        for objects, said in (([], "deleted 0 objects of site"), (None, "nothing: the bucket is gone")):
            with self.subTest(said):
                self.regions.objects = objects
                answer = self.send()
                self.assertEqual((answer.status, answer.said), ("SUCCESS", said))

    def test_is_refused_when_an_object_stays_and_names_it(self):
        self.regions.kept = {("page-7", "null")}
        answer = self.send()
        self.assertEqual(
            (answer.status, answer.said), ("FAILED", "1 objects of site stay: page-7: AccessDenied: locked")
        )

    def test_leaves_the_bucket_alone_when_the_construct_is_renamed(self):
        self.send("Create", "UPDATE_IN_PROGRESS")
        self.send("Delete", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        self.assertEqual(len(self.regions.objects), 2502)

    def test_is_not_stopped_by_a_role_that_takes_a_while(self):
        for action in self.teardown.aws.granted:
            with self.subTest(action):
                self.setUp()
                self.teardown.aws.denied[action] = 30
                self.assertEqual(self.send().status, "SUCCESS")


if __name__ == "__main__":
    unittest.main()
