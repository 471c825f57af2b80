"""A refusal: what AWS does not do, in AWS's words."""

import dataclasses
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Refusal:
    when: Callable  # of a request
    code: str
    message: str  # with {request...} filled in
    source: str  # where AWS says so, or an engineer met it
    status: int = 400


def first(table, request):
    """The first refusal of the table that applies, as (code, message, status), or None."""
    for refusal in table:
        if refusal.when(request):
            return refusal.code, refusal.message.format(request=request), refusal.status
    return None
