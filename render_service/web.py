"""What a browser and Prometheus see: the outbox, pictures, health, metrics, and the page to unsubscribe on."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from render_service.gallery import SHOWN_LIVE, Shelf, index_page, mail_page
from render_service.metrics import Metrics
from render_service.pictures import Pictures


def pages(
    shelf: Shelf | None,
    pictures: Pictures,
    metrics: Metrics,
    unsubscribe: Callable[[Request], Response],
    health: Callable[[], str | None],
) -> Starlette:
    """`health` names what is wrong, None if nothing is; without a shelf no mail is shown."""

    def home(request: Request) -> Response:
        return RedirectResponse("/outbox")

    def show_all(request: Request) -> Response:
        mails = shelf.listed()[-SHOWN_LIVE:] if shelf else []
        return HTMLResponse(index_page(mails, lambda number: f"/outbox/{number}", live=True))

    def show(request: Request) -> Response:
        mail = shelf.one(request.path_params["number"]) if shelf else None
        if mail is None:
            return PlainTextResponse("There is no such mail.\n", 404)
        return HTMLResponse(mail_page(mail, "/outbox"))

    def picture(request: Request) -> Response:
        png = pictures.png(request.path_params["name"])
        if png is None:
            return PlainTextResponse("There is no such picture.\n", 404)
        return Response(png, media_type="image/png", headers={"Cache-Control": "max-age=86400"})

    def healthz(request: Request) -> Response:
        wrong = health()
        return JSONResponse({"ok": wrong is None, "wrong": wrong}, 200 if wrong is None else 503)

    def measured(request: Request) -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return Starlette(
        routes=[
            Route("/", home),
            Route("/outbox", show_all),
            Route("/outbox/{number:int}", show),
            Route("/pictures/{name}", picture),
            Route("/unsubscribe", unsubscribe, methods=["GET", "POST"]),
            Route("/healthz", healthz),
            Route("/metrics", measured),
        ]
    )
