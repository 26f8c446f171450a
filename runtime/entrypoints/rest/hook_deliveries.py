"""Take what others deliver to hooks: no credential, but a signature over the body as it came.

The address is looked at before the body is read, and the body before anything is looked up: what
signs it can't be judged without it. A delivery has no Idempotency-Key either: what its sender
signed as its id stands in for it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict
from typing_extensions import override

from runtime.domain.errors import DeliveryRefusedError, NotAllowedError
from runtime.domain.hook import read_address
from runtime.domain.hook_mapping import MOST_BODY_BYTES
from runtime.entrypoints.rest.body import BodyCaps, CappedRequest
from runtime.entrypoints.rest.context import JSON_MEDIA_TYPE, ServicesOf, answered
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.rates import admit
from runtime.entrypoints.rest.refusals import counted
from runtime.entrypoints.rest.refused_rights import record_refusal

BODY_TIME_S: Final = 10.0


class DeliveryRequest(CappedRequest):
    """Read the body of a delivery, which is small and comes at once."""

    @property
    @override
    def caps(self) -> BodyCaps:
        """Return the bounds of this body: the app's, but no larger than a mapping reads."""
        caps: BodyCaps = self.app.state.body_caps
        return BodyCaps(
            size_bytes=min(caps.size_bytes, MOST_BODY_BYTES),
            time_s=min(caps.time_s, BODY_TIME_S),
        )


class DeliveryRoute(APIRoute):
    """Let the endpoint read the body within its caps; who sends it is for the signature to say."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler with what stands before it."""
        handle = super().get_route_handler()

        async def capped(request: Request) -> Response:
            return await handle(DeliveryRequest(request.scope, request.receive))

        return capped


router = APIRouter(
    prefix="/v1/hooks", tags=["hooks"], route_class=DeliveryRoute, responses=PROBLEMS
)


class TakenOut(BaseModel):
    """Tell a sender that its delivery was taken; what came of it is for the project to see."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    delivery: str
    status: Literal["executed", "skipped"]


_DESCRIBED: Final[dict[str, Any]] = {
    "security": [],
    "requestBody": {
        "required": True,
        "content": {JSON_MEDIA_TYPE: {"schema": {"type": ["object", "array"]}}},
        "description": f"Up to {MOST_BODY_BYTES} bytes of JSON, signed as they are sent",
    },
}


@router.post(
    "/{address}", response_model=TakenOut, status_code=HTTPStatus.OK, openapi_extra=_DESCRIBED
)
async def take_delivery(
    address: Annotated[str, Path(description="The last part of a hook's `path`")],
    request: Request,
    services: ServicesOf,
) -> Response:
    """Take a delivery that is signed with a secret of the hook, and act on it once.

    Signed as Standard Webhooks, GitHub or Stripe sign, as the hook was made for. What was taken
    before is answered again, and not done again.
    """
    deliveries = services.hook_deliveries
    with counted(request, known=lambda: deliveries.knows(address)):
        if read_address(address) is None:
            raise DeliveryRefusedError
        body = await request.body()
        verified = await deliveries.verified(address, headers=request.scope["headers"], body=body)
    admit(request, verified.caller)
    try:
        return answered(await deliveries.take(verified))
    except NotAllowedError as error:
        await record_refusal(request, verified.caller, error)
        raise
