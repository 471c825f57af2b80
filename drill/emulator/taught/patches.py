"""How ministack is patched: by name, and only names that are there. They are private to it and change without notice,
so a version other than the one written for, or a name that is gone, stops the program with one sentence."""

import functools
import importlib
import importlib.metadata

VERSION = "1.5.33"


def check_version():
    found = importlib.metadata.version("ministack")
    if found != VERSION:
        raise SystemExit(f"taught: written for ministack {VERSION}, but {found} is installed: run make setup")


def ministack(module, *names):
    """A module of ministack's that has all of the names."""
    found = importlib.import_module(f"ministack.{module}")
    for name in names:
        _current(found, name)
    return found


def wrap(owner, name):
    """Decorator: puts the function in the place of a module's or a table's name; it gets the original first."""
    original = _current(owner, name)

    def put(function):
        _put(owner, name, functools.partial(function, original))
        return function

    return put


def _current(owner, name):
    try:
        return owner[name] if isinstance(owner, dict) else getattr(owner, name)
    except (KeyError, AttributeError):
        where = "a table" if isinstance(owner, dict) else owner.__name__
        raise SystemExit(f"taught: {where} of ministack {VERSION} has no {name}, which is patched here") from None


def _put(owner, name, value):
    if isinstance(owner, dict):
        owner[name] = value
    else:
        setattr(owner, name, value)
