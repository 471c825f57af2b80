"""A stack operation without rollback: what it keeps, what may follow, and how the next one goes on."""

import json
import time
import unittest
import uuid

import botocore.exceptions

from running import SECONDARY, emulator, hold, until
from stacks import CAPABILITIES, Stack, custom_resource, launched, outputs
from test_stacks import IMAGE, NETWORK, OTHER_IMAGE, server

NON_TERMINAL = (
    "This stack is currently in a non-terminal [{}] state. To update the stack from this state, please use the "
    "disable-rollback parameter with update-stack API. To rollback to the last known good state, use the rollback-stack API"
)
GROUP = {"Type": "AWS::Logs::LogGroup"}


class NoRollback(unittest.TestCase):
    def setUp(self):
        self.stack = Stack(self, self.id().rpartition("test_")[2].replace("_", "-"), SECONDARY)
        self.api = self.stack.api

    def begin(self, verb, resources, **parts):
        self.stack.begin(verb, resources, disable_rollback=True, **parts)

    def create(self, resources, **parts):
        self.begin("create", resources, **parts)
        return self.stack.finished()

    def update(self, resources, **parts):
        self.begin("update", resources, **parts)
        return self.stack.finished()

    def statuses(self):
        found = self.api.describe_stack_resources(StackName=self.stack.name)["StackResources"]
        return {r["LogicalResourceId"]: r["ResourceStatus"] for r in found}

    def logged(self):
        logs, group = emulator().client("logs", SECONDARY), self.stack.resources()["Logs"]
        events = logs.filter_log_events(logGroupName=group)["events"]
        return [e["message"].strip() for e in events if e["message"].startswith(("Create", "Update", "Delete"))]

    def reason(self):
        return self.api.describe_stacks(StackName=self.stack.name)["Stacks"][0].get("StackStatusReason", "")

    def assert_refused(self, message, call, **arguments):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(StackName=self.stack.name, **arguments)
        self.assertEqual(caught.exception.response["Error"]["Message"], message)

    def change_set(self, resources, **arguments):
        """Makes one, and answers (action, logical id) of what it would do."""
        self.set = f"set-{uuid.uuid4()}"
        named = {"StackName": self.stack.name, "ChangeSetName": self.set}
        body = json.dumps({"Resources": resources})
        self.api.create_change_set(**named, **arguments, TemplateBody=body, Capabilities=CAPABILITIES)
        described = self.api.describe_change_set(**named)
        changes = [c["ResourceChange"] for c in described["Changes"]]
        return sorted((c["Action"], c["LogicalResourceId"]) for c in changes)

    # --- Creation -----------------------------------------------------------------------------------------------------

    def test_a_failed_creation_is_kept_and_resumed(self):
        self.assertEqual(self.create(custom_resource(fail="Create")), "CREATE_FAILED")
        self.assertEqual(self.reason(), "The following resource(s) failed to create: [Custom]. ")
        self.assertEqual(self.stack.events()[-1][1:], ("CREATE_FAILED", self.reason()))
        self.assertEqual(self.statuses()["Custom"], "CREATE_FAILED")
        self.assertEqual(self.logged(), ["Create CREATE_IN_PROGRESS"], "nothing deletes it")
        kept = self.stack.resources()
        self.assertEqual(self.update(custom_resource()), "UPDATE_COMPLETE")
        self.assertEqual(
            self.logged(), ["Create CREATE_IN_PROGRESS", "Delete UPDATE_IN_PROGRESS", "Create UPDATE_IN_PROGRESS"]
        )
        self.assertEqual(self.stack.resources(), {**kept, "Custom": "constant"})
        self.assertEqual(self.reason(), "")

    def test_only_without_rollback_is_a_failed_stack_updated(self):
        self.create(custom_resource(fail="Create"))
        body = json.dumps({"Resources": custom_resource()})
        refusal = NON_TERMINAL.format("CREATE_FAILED")
        self.assert_refused(refusal, self.api.update_stack, TemplateBody=body, Capabilities=CAPABILITIES)
        self.change_set(custom_resource())
        self.assert_refused(refusal, self.api.execute_change_set, ChangeSetName=self.set)
        with self.assertRaisesRegex(botocore.exceptions.ClientError, "Template format error"):
            self.api.update_stack(StackName=self.stack.name, TemplateBody="{", DisableRollback=True)
        self.assertEqual(self.stack.status(), "CREATE_FAILED")

    def test_a_change_set_goes_on(self):
        """As the CDK CLI does it."""
        self.change_set(custom_resource(fail="Create"), ChangeSetType="CREATE")
        self.api.execute_change_set(StackName=self.stack.name, ChangeSetName=self.set, DisableRollback=True)
        self.assertEqual(self.stack.finished(), "CREATE_FAILED")
        self.assertEqual(self.change_set(custom_resource(fail="Create")), [("Add", "Custom")])
        self.assertEqual(self.change_set(custom_resource()), [("Add", "Custom")])
        self.api.execute_change_set(StackName=self.stack.name, ChangeSetName=self.set, DisableRollback=True)
        self.assertEqual(self.stack.finished(), "UPDATE_COMPLETE")

    def test_the_same_template_again(self):
        """What has failed is tried again: here it fails again."""
        self.create(custom_resource(fail="Create"))
        again = {"UsePreviousTemplate": True, "DisableRollback": True, "Capabilities": CAPABILITIES}
        self.api.update_stack(StackName=self.stack.name, **again)
        self.assertEqual(self.stack.finished(), "UPDATE_FAILED")
        self.assertEqual(
            self.logged(), ["Create CREATE_IN_PROGRESS", "Delete UPDATE_IN_PROGRESS", "Create UPDATE_IN_PROGRESS"]
        )

    def test_a_failed_instance_runs_until_the_next_operation(self):
        self.begin("create", server())
        first = self.stack.signal("FAILURE")
        self.assertEqual(self.stack.finished(), "CREATE_FAILED")
        self.assertEqual(self.state(first), "running")
        self.begin("update", server())
        second = self.stack.signal(launch=1)
        self.assertEqual(self.stack.finished(), "UPDATE_COMPLETE")
        self.assertEqual((self.state(first), self.state(second)), ("terminated", "running"))
        self.assertEqual(self.stack.resources()["Server"], second)

    def state(self, instance):
        found = emulator().client("ec2", SECONDARY).describe_instances(InstanceIds=[instance])
        return found["Reservations"][0]["Instances"][0]["State"]["Name"]

    def test_the_deletion_of_the_stack_deletes_what_has_failed(self):
        self.begin("create", server())
        instance = self.stack.signal("FAILURE")
        self.stack.finished()
        self.assertEqual(self.stack.delete(), "")
        self.assertEqual(self.state(instance), "terminated")

    def test_a_failure_that_cannot_be_deleted_stops_the_next_operation(self):
        resources = custom_resource(fail="Create")
        resources["Custom"]["Properties"]["Fail"] = ["Create", "Delete"]
        self.assertEqual(self.create(resources), "CREATE_FAILED")
        self.assertEqual(self.update(custom_resource()), "UPDATE_FAILED")
        self.assertEqual(self.stack.reasons()["Custom"], "asked to")
        self.assertEqual(self.logged(), ["Create CREATE_IN_PROGRESS", "Delete UPDATE_IN_PROGRESS"])

    def test_a_rollback_afterwards_deletes_all(self):
        self.create(custom_resource(fail="Create"))
        self.update({**custom_resource(fail="Create"), "Other": GROUP})
        self.api.rollback_stack(StackName=self.stack.name)
        self.assertEqual(self.stack.finished(), "ROLLBACK_COMPLETE")
        self.assertEqual(self.stack.resources(), {})

    # --- Update -------------------------------------------------------------------------------------------------------

    def test_a_failed_update_goes_back_alone_and_is_resumed(self):
        self.stack.create({**custom_resource(), "Old": GROUP})
        changed = {**custom_resource(fail="Update"), "New": GROUP}
        changed["Logs"] = {**GROUP, "Properties": {"RetentionInDays": 7}}
        self.assertEqual(self.update(changed), "UPDATE_FAILED")
        self.assertEqual(self.reason(), "The following resource(s) failed to update: [Custom]. ")
        # The function is asked to go back to what it was, and that is all.
        self.assertEqual(self.logged()[1:], ["Update UPDATE_IN_PROGRESS", "Update UPDATE_IN_PROGRESS"])
        self.assertEqual((self.statuses()["Custom"], self.statuses()["Logs"]), ("UPDATE_FAILED", "UPDATE_COMPLETE"))
        self.assertEqual(self.retention(), 7)
        self.assertIn("Old", self.stack.resources())
        self.assert_refused(
            NON_TERMINAL.format("UPDATE_FAILED"),
            self.api.update_stack,
            TemplateBody=json.dumps({"Resources": changed}),
            Capabilities=CAPABILITIES,
        )
        mended = {**changed, "Custom": custom_resource(Again="yes")["Custom"]}
        present = self.stack.resources()
        expected = {("Modify", "Custom"), ("Remove", "Old")} | ({("Add", "New")} if "New" not in present else set())
        self.assertEqual(set(self.change_set(mended)), expected)
        self.assertEqual(self.update(mended), "UPDATE_COMPLETE")
        self.assertEqual(set(self.stack.resources()), {*mended})

    def retention(self):
        logs = emulator().client("logs", SECONDARY)
        found = logs.describe_log_groups(logGroupNamePrefix=self.stack.resources()["Logs"])["logGroups"]
        return found[0].get("retentionInDays")

    def test_what_goes_at_last_goes_as_its_policy_has_it(self):
        """The template that removes it fails first."""
        kept = {**GROUP, "DeletionPolicy": "Retain", "Properties": {"LogGroupName": "/kept"}}
        self.stack.create({**custom_resource(), "Kept": kept})
        logs = emulator().client("logs", SECONDARY)
        self.addCleanup(logs.delete_log_group, logGroupName="/kept")
        self.assertEqual(self.update(custom_resource(fail="Update")), "UPDATE_FAILED")
        self.assertEqual(self.update(custom_resource(Again="yes")), "UPDATE_COMPLETE")
        self.assertEqual(len(logs.describe_log_groups(logGroupNamePrefix="/kept")["logGroups"]), 1)

    def test_a_rollback_afterwards_goes_back_to_what_was_stable(self):
        """Through all that failed since."""
        self.stack.create(custom_resource())
        changed = custom_resource(fail="Update")
        changed["Logs"] = {**GROUP, "Properties": {"RetentionInDays": 7}}
        self.update(changed)
        changed["Logs"] = {**GROUP, "Properties": {"RetentionInDays": 14}}
        changed["Custom"]["Properties"]["Again"] = "yes"
        self.assertEqual(self.update({**changed, "Early": GROUP}), "UPDATE_FAILED")
        self.api.rollback_stack(StackName=self.stack.name)
        self.assertEqual(self.stack.finished(), "UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(set(self.stack.resources()), {*custom_resource()})
        self.assertEqual(self.retention(), None)
        self.assertEqual(self.stack.update(custom_resource(Again="yes")), "UPDATE_COMPLETE")

    def test_nothing_is_replaced(self):
        self.stack.begin("create", server(IMAGE))
        instance = self.stack.signal()
        self.assertEqual(self.stack.finished(), "CREATE_COMPLETE")
        self.assertEqual(self.update(server(OTHER_IMAGE)), "UPDATE_FAILED")
        self.assertEqual(
            self.stack.reasons()["Server"], "Replacement type updates not supported on stack with disable-rollback."
        )
        self.assertEqual(self.state(instance), "running")
        self.assertEqual(len(launched(self.stack.name)), 1)
        self.assertEqual(self.update(server(IMAGE)), "UPDATE_COMPLETE", "what was there may be asked for again")

    def test_an_instance_beside_a_function_that_fails_goes_on(self):
        self.stack.create({**custom_resource(), **NETWORK})
        go_on = hold(self, "function-called")
        failing = {**custom_resource(fail="Update", Post=emulator().hook_url), **server()}
        self.begin("update", failing)
        until(lambda: launched(self.stack.name), "the launch")
        go_on()
        time.sleep(0.5)
        self.assertEqual(self.stack.status(), "UPDATE_IN_PROGRESS")
        instance = self.stack.signal()
        self.assertEqual(self.stack.finished(), "UPDATE_FAILED")
        self.assertEqual(self.stack.resources()["Server"], instance)
        self.assertEqual(self.statuses()["Server"], "CREATE_COMPLETE")
        self.assertEqual(self.update({**custom_resource(Again="yes"), **server()}), "UPDATE_COMPLETE")
        self.assertEqual(len(launched(self.stack.name)), 1, "and it is launched once")

    def test_an_instance_waits_for_what_the_failure_kept_from_being_made(self):
        self.stack.create(custom_resource())
        self.assertEqual(self.update({**custom_resource(fail="Update"), **server()}), "UPDATE_FAILED")
        self.assertNotIn("Subnet", self.stack.resources())
        self.begin("update", {**custom_resource(Again="yes"), **server()})
        self.stack.signal()
        self.assertEqual(self.stack.finished(), "UPDATE_COMPLETE", self.stack.reasons())

    def test_a_function_beside_an_instance_that_fails_goes_on(self):
        self.stack.create({**custom_resource(), **NETWORK})
        go_on = hold(self, "function-called")
        posting = {**custom_resource(Post=emulator().hook_url), **server()}
        self.begin("update", posting)
        first = self.stack.signal("FAILURE")
        time.sleep(0.5)
        self.assertEqual(self.stack.status(), "UPDATE_IN_PROGRESS")
        go_on()
        self.assertEqual(self.stack.finished(), "UPDATE_FAILED")
        self.assertEqual((self.statuses()["Custom"], self.statuses()["Server"]), ("UPDATE_COMPLETE", "CREATE_FAILED"))
        self.begin("update", posting)
        self.stack.signal(launch=1)
        self.assertEqual(self.stack.finished(), "UPDATE_COMPLETE")
        self.assertEqual(self.state(first), "terminated")

    def test_an_image_that_is_gone_changes_nothing(self):
        parameters = {"Image": {"Type": "AWS::EC2::Image::Id", "Default": IMAGE}}
        self.stack.create({"Group": GROUP}, Parameters=parameters)
        parameters["Image"]["Default"] = "ami-11111111111111111"
        self.assertEqual(self.update({"Group": GROUP, "New": GROUP}, Parameters=parameters), "UPDATE_FAILED")
        self.assertIn("ami-11111111111111111", self.reason())
        self.assertEqual(set(self.stack.resources()), {"Group"})
        parameters["Image"]["Default"] = IMAGE
        self.assertEqual(self.update({"Group": GROUP, "New": GROUP}, Parameters=parameters), "UPDATE_COMPLETE")
        self.assertEqual(set(self.stack.resources()), {"Group", "New"})

    def test_an_output_that_cannot_be_made(self):
        self.assertEqual(self.create({"Group": GROUP}, Outputs=outputs(Nothing="Group.Nothing")), "CREATE_FAILED")
        self.assertEqual(self.update({"Group": GROUP}), "UPDATE_COMPLETE")


if __name__ == "__main__":
    unittest.main()
