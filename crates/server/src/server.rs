//! The process between its first and its last connection.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use engine::{Clock, Engine, HaltReason, Options, StartError, StartReport};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use ledger::Tenant;
use query::Service;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::metrics::Metrics;
use crate::routes::router;
use crate::settings::{Limits, Settings};
use crate::state::App;

/// How long to wait after the system refused a connection, so that it can recover.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A ledger that listens.
#[derive(Debug)]
pub struct Server {
    engine: Engine,
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    limits: Limits,
    stopping: watch::Sender<bool>,
    report: StartReport,
}

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address is taken, is not of this machine, or may not be listened on. Give another one.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        #[source]
        err: std::io::Error,
    },
    /// The ledger cannot be opened. The engine's own error says what to do.
    #[error("cannot open the ledger in `{}`", path.display())]
    Engine {
        /// Its directory.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        err: StartError,
    },
    /// A thread ended by a panic. A bug.
    #[error("the start was cut short by a panic")]
    Panicked,
}

impl Server {
    /// Takes the address, opens the ledger and is ready to answer.
    ///
    /// # Errors
    /// Returns [`ServerError`]; nothing was changed then.
    pub async fn start(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, ServerError> {
        // The address first: it is quicker to find out that it is taken.
        let (listener, address) = listen(settings.listen).await?;
        let (engine, report) = open(settings, clock).await?;
        Ok(Self::assemble(settings, listener, address, engine, report))
    }

    /// Takes the address and answers for a ledger that is open already.
    ///
    /// # Errors
    /// Returns [`ServerError::Listen`].
    pub async fn over(
        engine: Engine,
        report: StartReport,
        settings: &Settings,
    ) -> Result<Self, ServerError> {
        let (listener, address) = listen(settings.listen).await?;
        Ok(Self::assemble(settings, listener, address, engine, report))
    }

    fn assemble(
        settings: &Settings,
        listener: TcpListener,
        address: SocketAddr,
        engine: Engine,
        report: StartReport,
    ) -> Self {
        let (stopping, is_stopping) = watch::channel(false);
        let reader = engine.reader();
        let app = App {
            handle: engine.handle(),
            service: Service::new(reader.clone()),
            reader,
            metrics: Arc::new(Metrics::new()),
            limits: settings.limits,
            requests: Arc::new(Semaphore::new(settings.limits.requests_max)),
            stopping: is_stopping,
            tenant: Tenant::default_tenant(),
        };
        Self {
            engine,
            listener,
            address,
            router: router(app),
            limits: settings.limits,
            stopping,
            report,
        }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What was found and done at the start.
    pub const fn report(&self) -> &StartReport {
        &self.report
    }

    /// Answers until `stop` is done or the ledger halts; then takes no more connections, lets requests
    /// that are being worked on end, and closes the ledger.
    ///
    /// # Errors
    /// Returns why the ledger halted, if it did.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> Result<(), HaltReason> {
        let graceful = GracefulShutdown::new();
        let connections = Arc::new(Semaphore::new(self.limits.connections_max));
        let mut halted = self.engine.reader().halted();
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                accepted = accept(&self.listener, &connections) => {
                    if let Some((stream, permit)) = accepted {
                        self.answer(stream, permit, &graceful);
                    }
                }
                () = &mut stop => break,
                _ = halted.wait_for(Option::is_some) => break,
            }
        }
        drop(self.listener);
        self.stopping.send_replace(true);
        tokio::select! {
            () = graceful.shutdown() => {}
            () = tokio::time::sleep(self.limits.stop_timeout) => {
                tracing::warn!("requests that had not ended in time were cut");
            }
        }
        let engine = self.engine;
        let stopped = tokio::task::spawn_blocking(move || engine.stop()).await;
        stopped.unwrap_or(Err(HaltReason::Panicked))
    }

    /// Answers one connection on a task of its own.
    fn answer(&self, stream: TcpStream, permit: OwnedSemaphorePermit, graceful: &GracefulShutdown) {
        // Replies are small and waited for.
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(self.router.clone());
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.header_timeout)
            .serve_connection(TokioIo::new(stream), service);
        let watched = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = watched.await {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "a connection failed"
                );
            }
            drop(permit);
        });
    }
}

/// Takes the address.
async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServerError> {
    let failed = |err| ServerError::Listen { address, err };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    if !address.ip().is_loopback() {
        tracing::warn!(
            %address,
            "listening beyond this machine without authentication: whoever reaches this address can change the ledger"
        );
    }
    Ok((listener, address))
}

async fn open(
    settings: &Settings,
    clock: Arc<dyn Clock>,
) -> Result<(Engine, StartReport), ServerError> {
    let path = settings.data.clone();
    let options = Options {
        inbox_max: settings.inbox_max,
        checkpoint_every_records: settings.checkpoint_every_records,
        ..Options::default()
    };
    let opening = tokio::task::spawn_blocking(move || {
        Engine::open(&path, &options, clock).map_err(|err| ServerError::Engine { path, err })
    });
    opening.await.unwrap_or(Err(ServerError::Panicked))
}

/// The next connection, once there is room for one.
async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    let permit = Arc::clone(connections).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, _)) => Some((stream, permit)),
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "cannot accept a connection"
            );
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}
