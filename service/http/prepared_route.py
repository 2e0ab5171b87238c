"""A route that reads its parameters by code prepared once, instead of resolving them per request.

FastAPI looks at every field of every parameter again for each request, which took a quarter of the
processor time of a small picture. Owns the reading of requests that are valid; every other one is
handed to FastAPI unread, so that errors, and the description of the route, are FastAPI's alone.
Knows no route.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, cast, get_args, get_origin, get_type_hints

from fastapi import params
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from service.http.dependencies import ACCESS_CHECKS

Endpoint = Callable[..., Awaitable[Response]]
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PreparedRoute(APIRoute):
    """A route for `APIRouter(route_class=...)`.

    Its endpoint takes `request`, texts of the path, one model of the whole query, headers, and
    dependencies that take the request alone. Its router is included with
    `service.http.dependencies.access_dependencies`, for routes without a body.
    """

    def get_route_handler(self) -> Handler:
        """Return the handler of a request."""
        by_fastapi = super().get_route_handler()
        endpoint: Endpoint = self.endpoint
        prepared = prepared_parameters(endpoint)

        async def handle(request: Request) -> Response:
            if (arguments := prepared.read(request)) is None:
                return await by_fastapi(request)
            for check in ACCESS_CHECKS:
                await check(request)
            for name, dependency in prepared.dependencies.items():
                arguments[name] = await dependency(request)
            return await endpoint(request=request, **arguments)

        return handle


@dataclass
class PreparedParameters:
    """The parameters of an endpoint, by name, beside `request`.

    Attributes:
        in_path: texts of the path.
        query: model of the whole query.
        headers: the name of each header; FastAPI reads the request if one of them is there.
        dependencies: functions of the request.
    """

    in_path: list[str] = field(default_factory=list[str])
    query: dict[str, type[BaseModel]] = field(default_factory=dict[str, type[BaseModel]])
    headers: dict[str, str] = field(default_factory=dict[str, str])
    dependencies: dict[str, Callable[[Request], Awaitable[object]]] = field(
        default_factory=dict[str, Callable[[Request], Awaitable[object]]]
    )

    def read(self, request: Request) -> dict[str, object] | None:
        """Return the arguments from path and query; None if only FastAPI can read the request."""
        if any(header in request.headers for header in self.headers.values()):
            return None
        given = request.query_params
        query: Mapping[str, str] = dict(given)
        if len(query) != len(given.multi_items()):  # a parameter is repeated
            return None
        arguments: dict[str, object] = {name: request.path_params[name] for name in self.in_path}
        try:
            for name, model in self.query.items():
                arguments[name] = model.model_validate(query)
        except ValidationError:
            return None
        return arguments


def prepared_parameters(endpoint: Endpoint) -> PreparedParameters:
    """Sort the parameters of an endpoint.

    Raises:
        TypeError: it has a parameter of a kind that only FastAPI can read.
    """
    prepared = PreparedParameters()
    for name, hint in get_type_hints(endpoint, include_extras=True).items():
        kind = _kind_of(hint)
        if hint is Request or name == "return":
            continue
        if isinstance(kind, params.Path) and get_args(hint)[0] is str:
            prepared.in_path.append(name)
        elif isinstance(kind, params.Query) and issubclass(get_args(hint)[0], BaseModel):
            prepared.query[name] = get_args(hint)[0]
        elif isinstance(kind, params.Header) and kind.alias and _is_optional(endpoint, name):
            prepared.headers[name] = kind.alias
        elif isinstance(kind, params.Depends) and kind.dependency:
            prepared.dependencies[name] = kind.dependency
        else:
            raise TypeError(f"{endpoint.__name__}: a prepared route cannot read {name}")
    return prepared


def _kind_of(hint: object) -> object:
    """Return what FastAPI finds in an `Annotated` type: the last of its own annotations."""
    if get_origin(hint) is not Annotated:
        return None
    kinds = (params.Param, params.Depends)
    found = [
        each for each in cast("tuple[object, ...]", get_args(hint)[1:]) if isinstance(each, kinds)
    ]
    return found[-1] if found else None


def _is_optional(endpoint: Endpoint, name: str) -> bool:
    return inspect.signature(endpoint).parameters[name].default is None
