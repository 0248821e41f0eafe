//! Questions and their answers.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use protocol::views::{
    FillView, Health, HealthStatus, OrderView, Page, PositionView, ProblemView, Ready, StatsView,
};
use query::{FillQuery, MomentQuery, OrderQuery, PositionQuery, Question, StatsQuery, TradeQuery};

use crate::failure::Failure;
use crate::state::App;

/// Reads a question from a query string.
pub(crate) fn question<Q: Question>(text: Option<&str>) -> Result<Q, Failure> {
    let pairs = form_urlencoded::parse(text.unwrap_or_default().as_bytes());
    Q::from_pairs(pairs).map_err(Failure::from)
}

/// Positions; those that are not final, unless states are named.
#[utoipa::path(
    get, path = "/v1/positions", tag = "positions", params(PositionQuery),
    responses(
        (status = 200, description = "The positions", body = Page<PositionView>),
        (status = 422, description = "The question cannot be read", body = ProblemView),
        (status = 500, description = "The journal cannot be read", body = ProblemView),
        (status = 503, description = "Busy: come again after `Retry-After`", body = ProblemView),
    )
)]
pub(crate) async fn positions(
    State(app): State<App>,
    RawQuery(text): RawQuery,
) -> Result<Json<Page<PositionView>>, Failure> {
    let query: PositionQuery = question(text.as_deref())?;
    app.ask(move |service| service.positions(&query))
        .await
        .map(Json)
}

/// One position.
#[utoipa::path(
    get, path = "/v1/positions/{id}", tag = "positions",
    params(("id" = String, Path, description = "Its id, or as much of its beginning as is unambiguous"), MomentQuery),
    responses(
        (status = 200, description = "The position", body = PositionView),
        (status = 404, description = "There is no such position at that moment", body = ProblemView),
        (status = 422, description = "The question cannot be read", body = ProblemView),
        (status = 500, description = "The journal cannot be read", body = ProblemView),
        (status = 503, description = "Busy: come again after `Retry-After`", body = ProblemView),
    )
)]
pub(crate) async fn position(
    State(app): State<App>,
    Path(id): Path<String>,
    RawQuery(text): RawQuery,
) -> Result<Json<PositionView>, Failure> {
    let moment: MomentQuery = question(text.as_deref())?;
    app.ask(move |service| {
        let id = service.resolve_position(&id)?;
        service.position(id, &moment)
    })
    .await
    .map(Json)
}

/// Finished positions that held a quantity.
#[utoipa::path(
    get, path = "/v1/trades", tag = "history", params(TradeQuery),
    responses(
        (status = 200, description = "The trades", body = Page<PositionView>),
        (status = 422, description = "The question cannot be read", body = ProblemView),
        (status = 500, description = "The history cannot be read", body = ProblemView),
        (status = 503, description = "Busy: come again after `Retry-After`", body = ProblemView),
    )
)]
pub(crate) async fn trades(
    State(app): State<App>,
    RawQuery(text): RawQuery,
) -> Result<Json<Page<PositionView>>, Failure> {
    let query: TradeQuery = question(text.as_deref())?;
    app.ask(move |service| service.trades(&query))
        .await
        .map(Json)
}

/// Orders.
#[utoipa::path(
    get, path = "/v1/orders", tag = "history", params(OrderQuery),
    responses(
        (status = 200, description = "The orders", body = Page<OrderView>),
        (status = 404, description = "There is no such position", body = ProblemView),
        (status = 422, description = "The question cannot be read", body = ProblemView),
        (status = 500, description = "The history cannot be read", body = ProblemView),
        (status = 503, description = "Busy: come again after `Retry-After`", body = ProblemView),
    )
)]
pub(crate) async fn orders(
    State(app): State<App>,
    RawQuery(text): RawQuery,
) -> Result<Json<Page<OrderView>>, Failure> {
    let query: OrderQuery = question(text.as_deref())?;
    app.ask(move |service| service.orders(&query))
        .await
        .map(Json)
}

/// Fills.
#[utoipa::path(
    get, path = "/v1/fills", tag = "history", params(FillQuery),
    responses(
        (status = 200, description = "The fills", body = Page<FillView>),
        (status = 404, description = "There is no such position", body = ProblemView),
        (status = 422, description = "The question cannot be read", body = ProblemView),
        (status = 500, description = "The history cannot be read", body = ProblemView),
        (status = 503, description = "Busy: come again after `Retry-After`", body = ProblemView),
    )
)]
pub(crate) async fn fills(
    State(app): State<App>,
    RawQuery(text): RawQuery,
) -> Result<Json<Page<FillView>>, Failure> {
    let query: FillQuery = question(text.as_deref())?;
    app.ask(move |service| service.fills(&query))
        .await
        .map(Json)
}

/// Statistics of what is closed and of what is open.
#[utoipa::path(
    get, path = "/v1/stats", tag = "history", params(StatsQuery),
    responses(
        (status = 200, description = "A row for each group", body = Page<StatsView>),
        (status = 422, description = "The question cannot be read", body = ProblemView),
        (status = 500, description = "The history cannot be read", body = ProblemView),
        (status = 503, description = "Busy: come again after `Retry-After`", body = ProblemView),
    )
)]
pub(crate) async fn stats(
    State(app): State<App>,
    RawQuery(text): RawQuery,
) -> Result<Json<Page<StatsView>>, Failure> {
    let query: StatsQuery = question(text.as_deref())?;
    app.ask(move |service| service.stats(&query))
        .await
        .map(Json)
}

/// Whether the process is alive.
#[utoipa::path(
    get, path = "/health", tag = "operations",
    responses((status = 200, description = "It answers", body = Health))
)]
pub(crate) async fn health() -> Json<Health> {
    Json(Health {
        status: HealthStatus::Alive,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })
}

/// Whether intents and acknowledgements are taken.
#[utoipa::path(
    get, path = "/ready", tag = "operations",
    responses(
        (status = 200, description = "Caught up, and not halted", body = Ready),
        (status = 503, description = "Not ready; `reason` says why", body = Ready),
    )
)]
pub(crate) async fn ready(State(app): State<App>) -> Result<(StatusCode, Json<Ready>), Failure> {
    let is_stopping = *app.stopping.borrow();
    let mut ready = app.ask(|service| Ok(service.ready())).await?;
    if is_stopping && ready.ready {
        ready.ready = false;
        ready.reason = Some("the process is stopping".to_owned());
    }
    let status = if ready.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    Ok((status, Json(ready)))
}
