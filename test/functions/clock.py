"""Time that passes only while a function sleeps. It stands for the modules time and signal in the function under test."""

import datetime
import heapq
import itertools
import signal
import time

BEGINNING = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


class Clock:
    SIGALRM = signal.SIGALRM

    def __init__(self):
        self.now = 0.0
        self._events, self._order = [], itertools.count()
        self._alarm, self._handler = None, None

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        ends = self.now + seconds
        while True:
            event = self._events[0][0] if self._events else float("inf")
            alarm = float("inf") if self._alarm is None else self._alarm
            if min(event, alarm) > ends:
                break
            self.now = max(self.now, min(event, alarm))
            if event <= alarm:
                heapq.heappop(self._events)[2]()
            else:
                self._alarm = None
                self._handler(self.SIGALRM, None)
        self.now = max(self.now, ends)

    def gmtime(self):
        return time.gmtime(BEGINNING.timestamp() + self.now)

    strftime = staticmethod(time.strftime)

    def after(self, seconds, what):
        """Has something happen in so many seconds."""
        heapq.heappush(self._events, (self.now + seconds, next(self._order), what))

    def signal(self, _number, handler):
        self._handler = handler

    def alarm(self, seconds):
        self._alarm = self.now + seconds if seconds > 0 else None
