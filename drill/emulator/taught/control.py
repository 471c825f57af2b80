"""The drill's own paths on the emulator, and the gate that every request passes.

POST /_taught/outage     {"region": "us-east-1", "down": true}
POST /_taught/settings   {"lag_ms": 61000}; answers all settings
POST /_taught/faults     [fault, ...], as taught.faults has them, in the place of all others
GET  /_taught/faults     how many calls have met each: [1, 0]
GET  /_taught/leftovers  what is still in any store: {"us-east-1": {"stacks": ["unishop-primary"]}}
"""

import asyncio
import json

from taught import account, faults, leftovers, outage, patches, settings, wire

app = patches.ministack("app", "app", "_send_response")


@patches.wrap(app, "app")
async def gate(original, scope, receive, send):
    if scope["type"] != "http":
        return await original(scope, receive, send)
    if scope["path"].startswith("/_taught/"):
        return await app._send_response(send, *_control(scope["method"], scope["path"], await _body(receive)))
    call = wire.Call(scope)
    refused = outage.answer(call)
    if refused:
        # Read to the end, or a client that still sends sees a broken connection instead of the answer.
        await _body(receive)
        return await app._send_response(send, *refused)
    own = account.answers(call)
    if not faults.there_are() and not own:
        return await original(scope, receive, send)
    call.body = await _body(receive)
    fault = faults.meet(call)
    if not fault and own:
        return await app._send_response(send, *own(call))
    if not fault:
        return await original(scope, _again(call.body, receive), send)
    if fault.answer == faults.LOSE:
        await original(scope, _again(call.body, receive), _nowhere)
        return await _break(send)
    if fault.answer == faults.HANG:
        return await _hang(fault, receive, send)
    return await app._send_response(send, *fault.error(call))


async def _body(receive):
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


def _again(body, receive):
    """A request whose body has been read already."""
    unread = [{"type": "http.request", "body": body, "more_body": False}]

    async def read():
        return unread.pop() if unread else await receive()

    return read


async def _nowhere(_message):
    pass


async def _hang(fault, receive, send):
    """Until the client has had enough, or the time of the fault is over."""
    gone = asyncio.ensure_future(receive())
    while not gone.done() and not fault.out_of_time():
        await asyncio.wait([gone], timeout=0.1)
    gone.cancel()
    await _break(send)


async def _break(send):
    """An answer that ends too early: the server closes its connection, and clients see just that."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})


def _control(method, path, body):
    try:
        return _json(200, _CONTROLS[method, path](json.loads(body or b"{}")))
    except KeyError as error:
        return _json(404, {"error": f"{method} {path}: {error} is unknown"})
    except (TypeError, ValueError) as error:
        return _json(400, {"error": str(error)})


def _outage(asked):
    (outage.take_down if asked["down"] else outage.bring_back)(asked["region"])
    return asked


_CONTROLS = {
    ("POST", "/_taught/outage"): _outage,
    ("POST", "/_taught/settings"): settings.change,
    ("POST", "/_taught/faults"): faults.change,
    ("GET", "/_taught/faults"): lambda _: faults.met(),
    ("GET", "/_taught/leftovers"): lambda _: leftovers.by_region(),
}


def _json(status, value):
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()
