"""What FilterLogEvents looks at."""

import time
import unittest

import botocore.exceptions

from running import PRIMARY, emulator


class Streams(unittest.TestCase):
    def setUp(self):
        self.logs, self.group = emulator().client("logs", PRIMARY), "/test/streams"
        self.logs.create_log_group(logGroupName=self.group)
        self.addCleanup(self.logs.delete_log_group, logGroupName=self.group)
        for stream in ("i-1/shop", "i-1/site", "i-2/shop"):
            self.logs.create_log_stream(logGroupName=self.group, logStreamName=stream)
            event = {"timestamp": int(time.time() * 1000), "message": stream}
            self.logs.put_log_events(logGroupName=self.group, logStreamName=stream, logEvents=[event])

    def found(self, **asked):
        events = self.logs.filter_log_events(logGroupName=self.group, **asked)["events"]
        return sorted(event["message"] for event in events)

    def test_a_prefix_chooses_streams(self):
        self.assertEqual(self.found(logStreamNamePrefix="i-1/"), ["i-1/shop", "i-1/site"])
        self.assertEqual(self.found(logStreamNamePrefix="i-3/"), [])
        self.assertEqual(len(self.found()), 3)

    def test_a_stream_that_is_named_is_there(self):
        self.assertEqual(self.found(logStreamNames=["i-2/shop"]), ["i-2/shop"])
        for asked in ({"logStreamNames": ["i-3/shop"]}, {"logStreamNames": ["i-1/shop"], "logStreamNamePrefix": "i-1"}):
            with self.assertRaises(botocore.exceptions.ClientError):
                self.found(**asked)
