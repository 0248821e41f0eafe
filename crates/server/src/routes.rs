//! Which request goes where.

use axum::Router;
use axum::extract::Request;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::failure::Failure;
use crate::state::App;
use crate::{commands, events, limits, listings, metrics, openapi};

/// All routes.
pub(crate) fn router(app: App) -> Router {
    let limited = OpenApiRouter::new()
        .routes(routes!(commands::intents))
        .routes(routes!(commands::acks))
        .routes(routes!(commands::marks))
        .routes(routes!(commands::config))
        .routes(routes!(listings::positions))
        .routes(routes!(listings::position))
        .routes(routes!(events::position_events))
        .routes(routes!(listings::trades))
        .routes(routes!(listings::orders))
        .routes(routes!(listings::fills))
        .routes(routes!(listings::stats))
        .routes(routes!(events::events))
        .route_layer(from_fn_with_state(app.clone(), limits::limit_requests));
    // Whoever watches must get an answer when all others have to wait.
    let always = OpenApiRouter::new()
        .routes(routes!(listings::health))
        .routes(routes!(listings::ready))
        .routes(routes!(metrics::metrics));
    let (router, document) = OpenApiRouter::with_openapi(openapi::document())
        .merge(limited)
        .merge(always)
        .split_for_parts();
    let document = openapi::to_json(&document);
    let openapi = get(move || async move { openapi::openapi(document) });
    router
        .route("/openapi.json", openapi)
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
        .layer(CatchPanicLayer::custom(limits::panicked))
        .layer(from_fn_with_state(app.clone(), limits::measure))
        .with_state(app)
}

async fn not_found(request: Request) -> Response {
    Failure::route_not_found(request.uri().path()).into_response()
}

async fn method_not_allowed(request: Request) -> Response {
    Failure::method_not_allowed(request.method().as_str(), request.uri().path()).into_response()
}
