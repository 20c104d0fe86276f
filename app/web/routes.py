"""Puts the pages into the application."""

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from app.bootstrap import Kentongan
from app.web import (
    activities,
    assets,
    broadcast,
    calendar,
    calendar_terms,
    channels,
    complaints,
    compose,
    connect_flow,
    dashboard,
    errors,
    exchange,
    feed,
    figures,
    history,
    incidents,
    installing,
    library,
    live,
    login,
    menu,
    moving,
    notices,
    outside,
    overview,
    pauses,
    people,
    posters,
    posts,
    public,
    queue,
    readiness,
    recaps,
    review,
    revising,
    security,
    series,
    stage_form,
    stage_tables,
    stages,
    takeovers,
    tasks,
    template_edit,
    template_languages,
    training,
    units,
    webhooks,
)
from app.web.shield import Shield

ROUTERS = (
    outside.router, overview.router, webhooks.router, public.router,
    login.router, dashboard.router, queue.router, compose.router, posts.router, broadcast.router, live.router, review.router,
    calendar.router, calendar_terms.router, moving.router, notices.router, installing.router, tasks.router, connect_flow.router, channels.router, stage_tables.router, stage_form.router, stages.router, template_languages.router, template_edit.router, recaps.router, figures.router, activities.router, units.router,
    people.router, menu.router, revising.router, series.router, pauses.router, incidents.router, takeovers.router, exchange.router,
    security.router, library.router, posters.router, feed.router,
    history.router, complaints.router, readiness.router, training.router,
)  # fmt: skip


def install(app: FastAPI, house: Kentongan) -> None:
    """After the API's own error handlers: ours stand in front of them, for browsers only."""
    app.router.routes.append(Route("/static/{name}", assets.serve, methods=["GET"], name="static"))
    # Browsers ask for this by themselves on pages that name no icon.
    app.router.routes.append(Route("/favicon.ico", _icon, methods=["GET"], name="icon"))
    for router in ROUTERS:
        app.include_router(router)
    errors.install(app)
    app.add_middleware(Shield, base_url=house.settings.base_url)


async def _icon(_request: Request) -> Response:
    return RedirectResponse(assets.address("mark.svg"))
