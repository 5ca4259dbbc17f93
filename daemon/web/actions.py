"""The endpoints that change something, each in the name of who asks."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeVar

import msgspec
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from daemon.core.case.case import Case, Instruction
from daemon.core.case.images import AskedImage
from daemon.core.case.steps.step import Right
from daemon.core.model import WorkloadRef
from daemon.ports import Conflict, Denied, Identity, Missing, PortError, Rejected, Unavailable
from daemon.presentation.action_links import Action, ActionLinks, LinkProof
from daemon.web.answers import RETRY, Described, answer
from daemon.web.body import read_bounded
from daemon.web.door import Door
from daemon.web.own_page import require_own_page
from daemon.web.ports import Orders, unconditional
from daemon.web.readers import Readers
from daemon.web.visitor import INSTRUCT, change

MAX_BODY, BODY_TIMEOUT, MAX_REASON = 8192, 10.0, 500
B = TypeVar("B", bound=msgspec.Struct)
_NOBODY = (
    "without a login it is not known who asks, and so nothing can be done here: use the commands, "
    "or set web.login to token"
)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Link(msgspec.Struct, forbid_unknown_fields=True):
    """What the address of a message's link bears."""

    until: int
    sig: str


class Approval(msgspec.Struct, forbid_unknown_fields=True):
    reason: str = ""
    link: Link | None = None
    revision: int | None = None
    unproven: bool = False


class Hold(msgspec.Struct, forbid_unknown_fields=True):
    reason: str = ""
    link: Link | None = None


class Rollback(msgspec.Struct, forbid_unknown_fields=True):
    revision: int | None = None
    unproven: bool = False
    running: int | None = None
    image: str | None = None
    container: str = ""


class Pause(msgspec.Struct, forbid_unknown_fields=True):
    until: str = "true"


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    pass


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where orders are taken: from whom the door lets in, and whom our own page or a token brings."""

    door: Door
    orders: Orders
    hosts: Collection[str]
    readers: Readers
    links: ActionLinks | None = None

    async def take(
        self,
        request: Request,
        kind: type[B],
        namespace: str,
        right: Right,
        act: Callable[[Identity, B], str],
    ) -> Response:
        """Raises HTTPException for what is not done, with the reason."""
        require_own_page(request, self.hosts)
        body = await read_bounded(request, limit=MAX_BODY, timeout=BODY_TIMEOUT)
        given = _decoded(body, kind)

        def done() -> Response:
            visitor = self.door.enter(request)
            if visitor.identity is None:
                raise HTTPException(403, _NOBODY)
            visitor.need(namespace, right)
            try:
                return answer({"done": act(visitor.identity, given), "by": visitor.identity.signature})
            except PortError as error:
                raise _refused(error) from error

        return await self.readers.read(done)

    def objection(self, action: Action, link: Link | None) -> Callable[[Case, datetime], str]:
        """What a link that was followed asks of the case. Raises Rejected where there are no links."""
        if link is None:
            return unconditional
        if self.links is None:
            raise Rejected("links of messages are not in use here (web.link_key_file)")
        links, proof = self.links, LinkProof(until=link.until, signature=link.sig)
        return lambda case, now: links.objection(case, action, proof, now)


def add_actions(app: FastAPI, desk: Desk) -> None:
    orders = desk.orders

    @app.post("/api/cases/{namespace}/{name}/approve", responses=_ANSWERS)
    async def approve(request: Request, namespace: str, name: str) -> Response:
        """Let the daemon roll a case back; with ``revision``, to that one."""

        def act(who: Identity, given: Approval) -> str:
            if given.link is not None and given.revision is not None:
                raise Rejected("a link approves what its message says: leave the revision out")
            return orders.instruct(
                namespace, name, _approval(given), who, desk.objection("approve", given.link)
            )

        return await desk.take(request, Approval, namespace, INSTRUCT, act)

    @app.post("/api/cases/{namespace}/{name}/hold", responses=_ANSWERS)
    async def hold(request: Request, namespace: str, name: str) -> Response:
        """Keep the daemon from rolling a case back."""

        def act(who: Identity, given: Hold) -> str:
            order = _order("hold", given.reason)
            return orders.instruct(namespace, name, order, who, desk.objection("hold", given.link))

        return await desk.take(request, Hold, namespace, INSTRUCT, act)

    @app.post("/api/workloads/{namespace}/{name}/rollback", responses=_ANSWERS)
    async def rollback(request: Request, namespace: str, name: str) -> Response:
        """Roll a workload back by hand: to ``revision``, to ``image``, or to the newest known good."""
        ref = WorkloadRef(namespace=namespace, name=name)

        def act(who: Identity, given: Rollback) -> str:
            images = _images(given)
            return orders.roll_back(
                ref,
                who,
                revision=given.revision,
                unproven=given.unproven,
                images=images,
                running=given.running,
            )

        return await desk.take(request, Rollback, namespace, change(name), act)

    @app.post("/api/workloads/{namespace}/{name}/pause", responses=_ANSWERS)
    async def pause(request: Request, namespace: str, name: str) -> Response:
        """Leave acts on a workload to people, for good or ``until`` a time."""
        ref = WorkloadRef(namespace=namespace, name=name)
        return await desk.take(
            request, Pause, namespace, change(name), lambda who, given: orders.pause(ref, given.until, who)
        )

    @app.post("/api/workloads/{namespace}/{name}/resume", responses=_ANSWERS)
    async def resume(request: Request, namespace: str, name: str) -> Response:
        """End a pause."""
        ref = WorkloadRef(namespace=namespace, name=name)
        return await desk.take(
            request, Nothing, namespace, change(name), lambda who, _: orders.pause(ref, None, who)
        )


def _images(given: Rollback) -> tuple[AskedImage, ...]:
    """Raises Rejected for a wish that is not whole: it must not become another one."""
    if given.unproven and given.revision is None:
        raise Rejected("unproven is about a revision: name it")
    if given.image is None:
        if given.container:
            raise Rejected("a container says whose image is set: give the image")
        return ()
    if not given.image.strip():
        raise Rejected("the image is empty: give a tag, a digest or a whole reference")
    if given.revision is not None:
        raise Rejected("a revision and an image exclude each other: give one")
    return (AskedImage(version=given.image, container=given.container),)


def _approval(given: Approval) -> Instruction:
    if given.revision is not None and given.revision < 1:
        raise Rejected(f"{given.revision} is no revision: they begin with 1")
    if given.unproven and given.revision is None:
        raise Rejected("unproven is about a revision: name it")
    order = _order("approve", given.reason)
    return msgspec.structs.replace(order, revision=given.revision or 0, unproven=given.unproven)


def _order(action: Literal["approve", "hold"], reason: str) -> Instruction:
    """Who and when is not the asker's to say."""
    reason = " ".join(reason.split())
    if len(reason) > MAX_REASON:
        raise Rejected(f"the reason has {len(reason)} characters: write {MAX_REASON} at most")
    return Instruction(action=action, by="", at=_LONG_AGO, reason=reason)


def _decoded(body: bytes, kind: type[B]) -> B:
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise HTTPException(400, f"this makes no sense: {error}") from error


def _refused(error: PortError) -> HTTPException:
    match error:
        case Unavailable():
            return HTTPException(503, str(error), RETRY)
        case Denied():
            return HTTPException(403, str(error))
        case Missing():
            return HTTPException(404, str(error))
        case Conflict():
            return HTTPException(409, str(error))
        case _:
            return HTTPException(422, str(error))


_ANSWERS: Described = {
    401: {"description": "Log in, or bear a token"},
    403: {"description": "A right is missing, or another page asked"},
    404: {"description": "No such case or workload"},
    409: {"description": "Too late, or somebody was faster"},
    422: {"description": "It cannot be done as it was asked for"},
    503: {"description": "Not known, or not reachable, for now"},
}
