"""The documented API under /api/v1, by part. OpenAPI 3.1 at /api/v1/openapi.json.

Answers are the chair's own records written by msgspec; the models in the document are the same records, and a test
holds one against the other.
"""

from fastapi import FastAPI, Security
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBasic, HTTPBearer
from starlette.exceptions import HTTPException

from openchair.chair.chair import Chair
from openchair.core import VERSION
from openchair.core.errors import OpenchairError
from openchair.server.api.customers.cases import cases
from openchair.server.api.customers.people import people
from openchair.server.api.customers.surveys import surveys
from openchair.server.api.customers.team import team
from openchair.server.api.customers.voices import voices
from openchair.server.api.deciding.catalogue import catalogue
from openchair.server.api.deciding.learning import learning
from openchair.server.api.deciding.moments import moments
from openchair.server.api.deciding.outbox import outbox
from openchair.server.api.deciding.plan import plan
from openchair.server.api.deciding.wheel import wheel
from openchair.server.api.frame import Door, on_invalid, problems
from openchair.server.api.matters.focus import focus
from openchair.server.api.matters.opportunities import opportunities
from openchair.server.api.matters.primary import primary
from openchair.server.api.matters.reports import reports
from openchair.server.door.keyring import Keyring
from openchair.server.problems import on_crash, on_error, on_http
from openchair.server.schedule import Apart

UPLOAD_BYTES = 200 * 1024 * 1024


def api(chair: Chair, keyring: Keyring, apart: Apart) -> FastAPI:
    """The API as an application to be mounted at /api/v1."""
    app = FastAPI(
        title="Openchair",
        version=VERSION,
        summary="Who your customers are, and the next best thing to do for each.",
        docs_url=None,
        redoc_url=None,
        max_body_size=UPLOAD_BYTES,
        exception_handlers={
            OpenchairError: on_error,
            HTTPException: on_http,
            RequestValidationError: on_invalid,
            Exception: on_crash,
        },
        responses=problems(400, 401, 403, 404),
        dependencies=[
            Security(HTTPBearer(auto_error=False, description="A key with the scope of the part.")),
            Security(HTTPBasic(auto_error=False, description="The same key as user name, no password.")),
        ],
        strict_content_type=False,
    )
    door = Door(keyring)
    known = (moments, team, catalogue, reports, surveys, voices, cases, focus, primary, opportunities, learning)
    parts = (*known, plan, people, outbox)
    for part in (wheel(chair, door, apart), *(of(chair, door) for of in parts)):
        app.include_router(part)
    return app
