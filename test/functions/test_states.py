"""When the functions act: only in the states of the stack that mean what the event says."""

import unittest

from fake_aws import model
from running import PRIMARY, SECONDARY, Lambda, RegionRole

ARN = "arn:aws:imagebuilder:us-east-1:111122223333:image/unishop/1.0.1/1"
UPWARDS = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"}
DOWNWARDS = {"DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"}
ACTS = {
    ("Custom::RegionRole", "Create"): UPWARDS,
    ("Custom::RegionRole", "Update"): UPWARDS,
    ("Custom::RegionRole", "Delete"): {"DELETE_IN_PROGRESS"},
    ("Custom::PublishedImage", "Create"): UPWARDS,
    ("Custom::PublishedImage", "Update"): UPWARDS | {"UPDATE_ROLLBACK_IN_PROGRESS"},
    ("Custom::PublishedImage", "Delete"): set(),
    ("Custom::Images", "Create"): set(),
    ("Custom::Images", "Update"): {"UPDATE_ROLLBACK_IN_PROGRESS"},
    ("Custom::Images", "Delete"): DOWNWARDS,
    ("Custom::Teardown", "Create"): set(),
    ("Custom::Teardown", "Update"): set(),
    ("Custom::Teardown", "Delete"): DOWNWARDS,
}
# States in which a function acts, and finds nothing to change.
IDLES = {
    ("Custom::PublishedImage", "Delete"): DOWNWARDS,
    ("Custom::Images", "Create"): UPWARDS,
    ("Custom::Images", "Update"): UPWARDS,
}
PROPERTIES = {
    "Custom::RegionRole": {"Role": "active", "Way": "switchover", "Reconcile": ""},
    "Custom::PublishedImage": {"Image": ARN},
    "Custom::Images": {"Version": "1.0.1"},
    "Custom::Teardown": {"Bucket": "site"},
}
CHANGES = "SwitchoverGlobalCluster", "PutParameter", "DeleteParameters", "DeregisterImage", "DeleteObjects"


def ready(kind):
    """A function that finds something to change, whatever it is asked."""
    region = SECONDARY if kind == "Custom::RegionRole" else PRIMARY
    run = Lambda(kind, region)
    run.regions.images = {(PRIMARY, ARN): ["ami-01"], (SECONDARY, ARN): ["ami-11"]}
    if kind == "Custom::PublishedImage":
        del run.regions.stacks[SECONDARY]  # which would need it
    run.regions.parameter, run.regions.objects = "ami-00", [("page", "null", False)]
    return run


class AFunction(unittest.TestCase):
    def test_acts_in_the_states_that_mean_it_and_changes_nothing_in_any_other(self):
        states = model("cloudformation").shape_for("StackStatus").enum
        self.assertGreater(len(states), 20)
        for (kind, request), acts in ACTS.items():
            for state in states:
                with self.subTest(kind, request=request, state=state):
                    run = ready(kind)
                    if (kind, request) == ("Custom::RegionRole", "Delete"):
                        run.regions.swap()
                    run.regions.set_stack(run.region, state)
                    old = PROPERTIES[kind] if kind == "Custom::Images" else None
                    answer = run.send(request, PROPERTIES[kind], old=old)
                    self.assertEqual(answer.status, "SUCCESS")
                    self.assertEqual(bool(run.aws.called(*CHANGES)), state in acts)
                    if state not in acts | IDLES.get((kind, request), set()):
                        self.assertEqual(answer.said, f"nothing: {request} in {state}")
                        self.assertEqual([name for _region, name, _p in run.aws.calls], ["DescribeStacks"])


class ARenamedRegionRole(unittest.TestCase):
    def test_is_created_under_the_new_name_and_deleted_under_the_old_without_a_move(self):
        role = RegionRole(PRIMARY)
        role.regions.set_stack(PRIMARY, "UPDATE_IN_PROGRESS")
        created = role.send("Create", PROPERTIES["Custom::RegionRole"])
        role.regions.set_stack(PRIMARY, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        deleted = role.send("Delete", PROPERTIES["Custom::RegionRole"])
        self.assertEqual([created.status, deleted.status], ["SUCCESS", "SUCCESS"])
        self.assertEqual(role.moves(), [])


class AnEventThatComesAgainInTheNextOperation(unittest.TestCase):
    """Lambda delivers an event at least once: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html"""

    def deactivated(self):
        """The secondary has been deactivated, by an event that will come again; everything else is ready for that."""
        role = RegionRole(SECONDARY)
        role.regions.set_stack(SECONDARY, "UPDATE_IN_PROGRESS", since=0)
        event = role.event("Update", {"Role": "pilot-light", "Way": "switchover", "Reconcile": ""})
        self.assertEqual(role.deliver(event).status, "SUCCESS")
        role.regions.swap()
        role.regions.set_stack(PRIMARY, "UPDATE_COMPLETE", role="active")
        return role, event

    def test_moves_nothing_in_the_update_that_activates(self):
        role, event = self.deactivated()
        role.regions.clock.sleep(30)
        role.regions.set_stack(SECONDARY, "UPDATE_IN_PROGRESS", since=role.regions.clock.now)
        answer = role.deliver(event)
        self.assertEqual(answer.said, "this event is older than the operation: run the same command again")
        self.assertEqual((answer.status, role.moves(), role.regions.writer), ("FAILED", [], SECONDARY))
        # The operation's own event is not.
        self.assertEqual(role.send("Update", PROPERTIES["Custom::RegionRole"]).status, "SUCCESS")

    def test_is_recognised_by_its_age_only_when_it_has_one(self):
        role, event = self.deactivated()
        event["ResponseURL"] = event["ResponseURL"].partition("&X-Amz-Date")[0]
        role.regions.clock.sleep(30)
        role.regions.set_stack(SECONDARY, "UPDATE_IN_PROGRESS", since=role.regions.clock.now)
        self.assertEqual((role.deliver(event).status, role.regions.writer), ("SUCCESS", PRIMARY))

    def test_is_not_taken_for_one_that_is_sent_in_the_second_in_which_the_operation_begins(self):
        role = RegionRole(SECONDARY)
        for late in (0.0, 0.9, 3.0):  # seconds by which CloudFormation's clocks differ, at most
            with self.subTest(late):
                role.regions.clock.sleep(10.95 - role.regions.clock.now % 1)
                role.regions.set_stack(SECONDARY, "UPDATE_IN_PROGRESS", since=role.regions.clock.now + late)
                self.assertEqual(role.send("Update", PROPERTIES["Custom::RegionRole"]).status, "SUCCESS")


class AnEventThatComesAgainAfterARollback(unittest.TestCase):
    def test_promotes_nothing(self):
        role = RegionRole(SECONDARY)
        for state in ("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"):
            role.regions.set_stack(SECONDARY, state)
            answer = role.send("Update", {"Role": "active", "Way": "failover", "Reconcile": ""})
            self.assertEqual((answer.status, answer.said), ("SUCCESS", f"nothing: Update in {state}"))
        self.assertEqual((role.moves(), role.regions.writer), ([], PRIMARY))


if __name__ == "__main__":
    unittest.main()
