"""The drill's own paths on the emulator, and the gate that every request passes.

POST /_taught/outage     {"region": "us-east-1", "down": true}
POST /_taught/settings   {"lag_ms": 61000}; answers all settings
GET  /_taught/leftovers  what is still in any store: {"us-east-1": {"stacks": ["unishop-primary"]}}
"""

import json
from urllib.parse import parse_qs

from taught import hooks, leftovers, outage, settings

app = hooks.ministack("app", "app", "_send_response")


@hooks.wrap(app, "app")
async def gate(original, scope, receive, send):
    if scope["type"] != "http":
        return await original(scope, receive, send)
    path = scope["path"]
    if path.startswith("/_taught/"):
        return await app._send_response(send, *_control(scope["method"], path, await _body(receive)))
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    refused = outage.answer(headers, parse_qs(scope["query_string"].decode("latin-1")), path)
    if refused:
        # Read to the end, or a client that still sends sees a broken connection instead of the answer.
        await _body(receive)
        return await app._send_response(send, *refused)
    return await original(scope, receive, send)


async def _body(receive):
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


def _control(method, path, body):
    try:
        return _json(200, _CONTROLS[method, path](json.loads(body or b"{}")))
    except KeyError as error:
        return _json(404, {"error": f"{method} {path}: {error} is unknown"})
    except ValueError as error:
        return _json(400, {"error": str(error)})


def _outage(asked):
    (outage.take_down if asked["down"] else outage.bring_back)(asked["region"])
    return asked


_CONTROLS = {
    ("POST", "/_taught/outage"): _outage,
    ("POST", "/_taught/settings"): settings.change,
    ("GET", "/_taught/leftovers"): lambda _: leftovers.by_region(),
}


def _json(status, value):
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()
