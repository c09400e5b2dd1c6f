"""Which refusals a route can answer: whatever is raised by anything that its view, and the doors before it, can call.

Found by reading the code from the view on, function by function, as names lead: nobody keeps a list by hand. What only looks reachable is
found as well; a device must know what to do then, too.
"""

import ast
import importlib
import inspect
import pkgutil
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from types import FunctionType, ModuleType
from typing import Any

from flask import Flask

from api import auth
from api.errors import ShapeInvalid
from api.pages.docs import problems
from api.pages.language import Language
from api.statuses import STATUS
from api.web.doors import come_in
from citizencard import keys
from citizencard.keys.hsm import Hsm
from citizencard.staff.flow import authenticate
from citizencard.staff.permissions import require, require_fresh_code

OURS = ("api", "citizencard", "ledger", "hardware")
OTHER_DOORS = frozenset({authenticate, come_in, auth.bearer_token, require, require_fresh_code})
"""What is asked of callers who are no devices."""


def codes_of(app: Flask, prefix: str) -> dict[str, int]:
    """Code and status of every problem that routes under a prefix can answer; faults of ours have one code, whatever they are."""
    answered = {kind.code: STATUS[kind] for kind in refusals_of(app, prefix) if STATUS[kind] != 500}  # type: ignore[attr-defined] # every refusal has a code
    known = {kind.code for kind in STATUS}  # type: ignore[attr-defined] # as above
    of_the_framework = {one.code: one.status for one in problems(Language.EN) if one.code not in known}
    return answered | of_the_framework | {ShapeInvalid.code: STATUS[ShapeInvalid]}


def refusals_of(app: Flask, prefix: str) -> set[type[Exception]]:
    """The refusals that routes under a prefix can answer."""
    views = [app.view_functions[rule.endpoint] for rule in app.url_map.iter_rules() if str(rule).startswith(prefix)]
    before = app.before_request_funcs.get(None, [])
    return _reach([inspect.unwrap(view) for view in (*views, *before)])


def _reach(starts: list[Callable[..., Any]]) -> set[type[Exception]]:
    seen: set[object] = set(OTHER_DOORS)
    found: set[type[Exception]] = set()
    pending: list[object] = list(starts)
    while pending:
        one = pending.pop()
        if one is Hsm:
            pending += _keepers()
        if one in seen:
            continue
        seen.add(one)
        raised, called = _look(one)
        found |= raised
        pending += called
    return found


@cache
def _look(one: object) -> tuple[frozenset[type[Exception]], tuple[object, ...]]:
    """What a function or class raises by itself, and what of ours it names."""
    scope = _scope(one)
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(one)))  # type: ignore[arg-type] # a function or a class
    except (OSError, SyntaxError, TypeError):
        return frozenset(), ()
    named = list(_named(tree, scope))
    raised = {kind for kind in _made(tree, scope) if kind in STATUS}
    return frozenset(raised), tuple(other for other in named if _is_ours(other))


def _scope(one: object) -> dict[str, Any]:
    if isinstance(one, FunctionType):
        inner = inspect.getclosurevars(one)
        return {**one.__globals__, **inner.nonlocals}
    return dict(vars(inspect.getmodule(one) or ModuleType("")))


def _named(tree: ast.AST, scope: dict[str, Any]) -> Iterator[Any]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in scope:
            value = scope[node.id]
            yield from value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else (value,)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner = scope.get(node.value.id)
            if isinstance(owner, ModuleType | type) and hasattr(owner, node.attr):
                yield getattr(owner, node.attr)


def _made(tree: ast.AST, scope: dict[str, Any]) -> Iterator[type[Exception]]:
    """What is raised, or made for somebody else to raise."""
    for node in ast.walk(tree):
        named = node.func if isinstance(node, ast.Call) else node.exc if isinstance(node, ast.Raise) else None
        found = None if named is None else _value(named, scope)
        if isinstance(found, type) and issubclass(found, Exception):
            yield found


def _value(node: ast.expr, scope: dict[str, Any]) -> Any:
    if isinstance(node, ast.Name):
        return scope.get(node.id)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        owner = scope.get(node.value.id)
        return getattr(owner, node.attr, None) if isinstance(owner, ModuleType | type) else None
    return None


def _is_ours(one: object) -> bool:
    is_code = isinstance(one, FunctionType) or (isinstance(one, type) and not issubclass(one, Exception))
    return is_code and str(getattr(one, "__module__", "")).split(".")[0] in OURS


@cache
def _keepers() -> tuple[type, ...]:
    """The classes that keep keys: views know them by what they can only."""
    modules = [
        importlib.import_module(found.name) for found in pkgutil.walk_packages(keys.__path__, "citizencard.keys.")
    ]
    found = {one for module in modules for one in vars(module).values() if isinstance(one, type)}
    return tuple(one for one in found if one is not Hsm and hasattr(one, "tacs_are_valid"))
