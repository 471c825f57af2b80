"""The answer: always sent, in a form that CloudFormation takes."""

import signal
import socket
import threading
import time
import unittest
import unittest.mock
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import urllib3

from running import PRIMARY, SECONDARY, Bucket, Lambda, RegionRole

NOT_MEANT = "UPDATE_COMPLETE"


def functions():
    for kind, region in (
        ("Custom::RegionRole", PRIMARY),
        ("Custom::RegionRole", SECONDARY),
        ("Custom::PublishedImage", PRIMARY),
        ("Custom::Images", PRIMARY),
        ("Custom::Teardown", PRIMARY),
        ("Custom::Teardown", SECONDARY),
    ):
        yield Lambda(kind, region)


def raises(error):
    def act(*_):
        raise error

    return act


class AnAnswer(unittest.TestCase):
    def setUp(self):
        self.role = RegionRole(PRIMARY)
        self.addCleanup(Bucket.refusals.clear)

    def test_says_whose_it_is_under_an_id_that_never_changes(self):
        for run in functions():
            ids = set()
            for request in ("Create", "Update", "Delete"):
                with self.subTest(run.function.kind, region=run.region, request=request):
                    event = run.event(request, {})
                    run.run(event, 60)
                    body = Bucket.answers[-1].body
                    self.assertEqual(
                        set(body),
                        {"Status", "Reason", "PhysicalResourceId", "StackId", "RequestId", "LogicalResourceId", "Data"},
                    )
                    for key in ("StackId", "RequestId", "LogicalResourceId"):
                        self.assertEqual(body[key], event[key])
                    ids.add(body["PhysicalResourceId"])
            self.assertEqual(len(ids), 1)
            self.assertTrue(ids.pop())

    def test_has_done_whatever_happened(self):
        happenings = {
            "something": lambda: self.role.ask("active"),
            "a refusal": lambda: self.role.delete(),
            "an error": lambda: self.role.while_it("Update", lambda: self.role.send("Update", {})),
            "nothing": lambda: self.role.while_it("Delete", lambda: self.role.send("Update", {})),
        }
        statuses = []
        for what, happen in happenings.items():
            with self.subTest(what):
                answer = happen()
                self.assertTrue(answer.body["Data"]["Done"])
                statuses.append(answer.status)
        self.assertEqual(statuses, ["SUCCESS", "FAILED", "FAILED", "SUCCESS"])

    def test_ends_with_the_time_at_which_it_was_given_however_long_it_is(self):
        self.role.module["act"] = raises(self.role.module["Refused"]("x" * 10_000))
        self.role.regions.clock.sleep(3723)
        self.assertRegex(self.role.ask("active").body["Data"]["Done"], "x, at 2026-01-01T01:02:03Z$")
        self.assertRegex(self.role.delete().body["Data"]["Done"], ", at 2026-01-01T01:02:03Z$")

    def test_is_sent_on_an_unexpected_error_and_names_it(self):
        for run in functions():
            with self.subTest(run.function.kind, region=run.region):
                run.module["act"] = raises(ZeroDivisionError("by nothing"))
                run.regions.set_stack(run.region, "DELETE_IN_PROGRESS")
                answer = run.send("Delete", {})
                self.assertEqual((answer.status, answer.said), ("FAILED", "ZeroDivisionError: by nothing"))
                self.assertEqual(answer.body["Reason"], answer.body["Data"]["Done"])
                self.assertIn("Traceback", answer.log)

    def test_is_sent_when_the_stack_s_state_cannot_be_asked(self):
        self.role.aws.denied["cloudformation:DescribeStacks"] = float("inf")
        answer = self.role.ask("active")
        self.assertEqual(answer.status, "FAILED")
        self.assertIn("cloudformation:DescribeStacks", answer.said)

    def test_is_below_4096_bytes_however_long_and_odd_the_text(self):
        for character in ("x", '"', "\\", "\n", "ü", "😀"):
            with self.subTest(character):
                self.role.module["act"] = raises(self.role.module["Refused"](character * 10_000))
                answer = self.role.ask("active")
                self.assertEqual(answer.status, "FAILED")
                self.assertGreater(len(answer.body["Reason"]), 500)
                self.assertLess(answer.size, 4096 - 255, "a longer logical id does not fit")

    def test_has_no_content_type_which_would_break_the_signature(self):
        headers = self.role.ask("active").headers
        self.assertEqual(headers.get("Content-Type", ""), "")

    def test_never_shows_the_signed_url_in_the_log(self):
        self.assertNotIn("signature=secret", self.role.ask("active").log)

    def test_is_sent_again_when_s3_answers_503_first(self):
        Bucket.refusals += [503, 500]
        with unittest.mock.patch("urllib3.util.retry.time.sleep") as waited:
            self.assertEqual(self.role.ask("active").status, "SUCCESS")
        self.assertTrue(waited.called, "no pause between two tries")

    def test_that_s3_never_takes_fails_the_run_in_the_time_kept_back_for_it(self):
        Bucket.refusals += [503] * 20
        event = self.role.event("Update", {})
        self.role.regions.set_stack(PRIMARY, NOT_MEANT)
        with unittest.mock.patch("urllib3.util.retry.time.sleep") as waited:
            self.assertRaises(urllib3.exceptions.MaxRetryError, self.role.run, event, 60)
        self.assertEqual(len(Bucket.refusals), 14)
        self.assertLess(sum(call.args[0] for call in waited.call_args_list), self.role.module["ANSWER_SECONDS"])

    def test_is_sent_in_time_when_a_call_hangs(self):
        teardown = Lambda("Custom::Teardown", PRIMARY)
        teardown.regions.set_stack(PRIMARY, "DELETE_IN_PROGRESS")
        teardown.module["time"], teardown.module["signal"] = time, signal
        with socket.create_server(("127.0.0.1", 0)) as silent:
            teardown.aws.real["s3"] = at(silent.getsockname()[1], "s3")
            began = time.monotonic()
            answer = teardown.send("Delete", {"Bucket": "site"}, seconds=21)
        self.assertEqual((answer.status, answer.said), ("FAILED", "no time is left: run the same command again"))
        self.assertLess(time.monotonic() - began, 3)


class Throttling(BaseHTTPRequestHandler):
    """RDS, busy for a number of requests, and then with a global database of one member."""

    busy, requests = 0, 0

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        Throttling.requests += 1
        throttled = Throttling.requests <= Throttling.busy
        text = (THROTTLED if throttled else DATABASE).encode()
        self.send_response(400 if throttled else 200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


THROTTLED = """
<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>"""
DATABASE = """
<DescribeGlobalClustersResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/">
<DescribeGlobalClustersResult><GlobalClusters><GlobalClusterMember><Status>available</Status><GlobalClusterMembers><GlobalClusterMember>
<DBClusterArn>arn:aws:rds:us-east-1:111122223333:cluster:unishop-primary</DBClusterArn><IsWriter>true</IsWriter>
</GlobalClusterMember></GlobalClusterMembers></GlobalClusterMember></GlobalClusters>
</DescribeGlobalClustersResult></DescribeGlobalClustersResponse>"""


def at(port, service):
    return lambda region, config: boto3.client(service, region, config=config, endpoint_url=f"http://127.0.0.1:{port}")


class AThrottledApi(unittest.TestCase):
    def setUp(self):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Throttling)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.role = RegionRole(PRIMARY)
        self.role.aws.real["rds"] = at(server.server_port, "rds")

    def delete(self, busy):
        Throttling.busy, Throttling.requests = busy, 0
        return self.role.delete()

    def test_is_asked_again(self):
        answer = self.delete(busy=5)
        self.assertEqual((answer.status, answer.said), ("SUCCESS", "nothing: the last member goes"))
        self.assertEqual(Throttling.requests, 6, "botocore asks again by itself, too")
        self.assertGreater(answer.seconds, 5)

    def test_that_stays_throttled_fails_in_aws_s_words_when_the_time_is_out(self):
        answer = self.delete(busy=10_000)
        self.assertEqual(answer.status, "FAILED")
        self.assertRegex(answer.said, "^no time is left: run the same command again .*Rate exceeded")
        self.assertGreater(answer.seconds, 850)


if __name__ == "__main__":
    unittest.main()
