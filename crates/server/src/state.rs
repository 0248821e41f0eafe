//! What every request can reach.

use std::sync::Arc;

use axum::extract::FromRef;
use engine::{Handle, Reader};
use ledger::Tenant;
use query::{QueryError, Service};
use tokio::sync::{Semaphore, watch};

use crate::failure::Failure;
use crate::metrics::Metrics;
use crate::settings::Limits;

/// What every request can reach. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) handle: Handle,
    pub(crate) reader: Reader,
    pub(crate) service: Service,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) limits: Limits,
    /// One permit for each request that may be worked on.
    pub(crate) requests: Arc<Semaphore>,
    /// Whether the process was asked to stop.
    pub(crate) stopping: watch::Receiver<bool>,
    /// Whose data it is.
    pub(crate) tenant: Tenant,
}

impl App {
    /// Asks a question on a thread that may block.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Service) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, Failure> {
        let service = self.service.clone();
        match tokio::task::spawn_blocking(move || question(&service)).await {
            Ok(answer) => answer.map_err(Failure::from),
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a question failed"
                );
                Err(Failure::broken())
            }
        }
    }

    /// Waits until the process is asked to stop.
    pub(crate) async fn stopped(&self) {
        let mut stopping = self.stopping.clone();
        // A sender that is gone has stopped too.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    }
}

impl FromRef<App> for Limits {
    fn from_ref(app: &App) -> Self {
        app.limits
    }
}
