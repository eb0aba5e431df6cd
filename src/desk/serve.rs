//! Listens, one question a connection, with a limit on everything that a question may be.
//!
//! In:  a desk, an address, a word that ends it. Out: answers.
//! Law: a question that is slow, large or one of too many costs nobody else theirs.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderMap;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::sync::{Notify, Semaphore};
use tokio::time::timeout;

use crate::desk::answer::{self, Answer};
use crate::desk::guard::{self, Refusal, Route};
use crate::desk::steps::{Asked, Became};
use crate::desk::{Desk, DeskError, Session, same};
use crate::ledger::LedgerError;
use crate::report::map::page::INDEX;

/// Bytes of line and headers, and headers, of a question.
const MOST_HEAD: usize = 16 << 10;
const MOST_HEADERS: usize = 64;
/// Bytes of what a question brings.
const MOST_BODY: usize = 32 << 10;
/// For the head of a question, and for all of it with its answer.
const HEAD_TIME: Duration = Duration::from_secs(5);
const WHOLE_TIME: Duration = Duration::from_secs(60);
/// Questions at a time; one more is not heard.
const AT_A_TIME: usize = 256;
/// For those that are being answered when the desk is closed.
const LAST_TIME: Duration = Duration::from_secs(5);

/// A desk that listens.
pub struct Listening {
    listener: TcpListener,
    names: Vec<String>,
    address: SocketAddr,
}

impl Listening {
    /// Takes an address. One beyond this machine only where `beyond` says so.
    ///
    /// # Errors
    /// `Address`.
    pub fn on(address: SocketAddr, beyond: bool) -> Result<Self, DeskError> {
        let wrong = |reason: String, next| DeskError::Address { address, reason, next };
        if address.ip().is_unspecified() {
            let next =
                "give the address by which the others reach this machine, for example 192.168.1.20:8080";
            return Err(wrong(
                "it stands for every address, and so for none that can be checked".to_owned(),
                next,
            ));
        }
        if !address.ip().is_loopback() && !beyond {
            let next = "add --beyond-this-machine if other machines are to reach the desk; what they see and say is not encrypted";
            return Err(wrong("it is reached from other machines".to_owned(), next));
        }
        let taken =
            |error: std::io::Error| wrong(error.to_string(), "give another port, or 0 for any that is free");
        let listener = TcpListener::bind(address).map_err(taken)?;
        listener.set_nonblocking(true).map_err(DeskError::Machinery)?;
        let address = listener.local_addr().map_err(DeskError::Machinery)?;
        Ok(Self { listener, names: guard::names(address), address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `ends` is notified; who is being answered then is answered to the end.
    ///
    /// # Errors
    /// `Machinery`.
    pub fn serve(self, desk: Arc<Desk>, ends: Arc<Notify>) -> Result<(), DeskError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(4)
            .build()
            .map_err(DeskError::Machinery)?;
        let served = runtime.block_on(listen(self.listener, (desk, Arc::new(self.names)), &ends));
        runtime.shutdown_timeout(LAST_TIME);
        served
    }
}

type Known = (Arc<Desk>, Arc<Vec<String>>);

async fn listen(listener: TcpListener, known: Known, ends: &Notify) -> Result<(), DeskError> {
    let listener = tokio::net::TcpListener::from_std(listener).map_err(DeskError::Machinery)?;
    let room = Arc::new(Semaphore::new(AT_A_TIME));
    let accepting = tokio::spawn(accept(listener, known, Arc::clone(&room)));
    ends.notified().await;
    accepting.abort();
    // Those that are being answered hold their places.
    let _ = timeout(LAST_TIME, room.acquire_many(AT_A_TIME as u32)).await;
    Ok(())
}

async fn accept(listener: tokio::net::TcpListener, known: Known, room: Arc<Semaphore>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Too many open files, or a browser that hung up: a moment later there is room again.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else { continue };
        let known = known.clone();
        tokio::spawn(async move {
            let answering = service_fn(move |question| {
                let known = known.clone();
                async move { Ok::<_, Infallible>(answered(question, known).await) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIME)
                .max_buf_size(MOST_HEAD)
                .max_headers(MOST_HEADERS)
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), answering);
            // Who hangs up or is too slow gets no answer, and nobody is to be told.
            let _ = timeout(WHOLE_TIME, connection).await;
            drop(place);
        });
    }
}

async fn answered(question: Request<Incoming>, (desk, names): Known) -> Answer {
    match heard(question, desk, &names).await {
        Ok(answer) => answer,
        Err(refusal) => answer::refused(refusal),
    }
}

async fn heard(question: Request<Incoming>, desk: Arc<Desk>, names: &[String]) -> Result<Answer, Refusal> {
    let (head, body) = question.into_parts();
    guard::is_for(names, &head.uri, &head.headers)?;
    let route = guard::route(&head.method, head.uri.path())?;
    let session = guard::cookie(&head.headers).and_then(|cookie| desk.session(cookie));
    match route {
        Route::Page => Ok(match session {
            Some(_) => answer::page(desk.files.get(INDEX).map_or(&[][..], Vec::as_slice)),
            None => answer::entrance(),
        }),
        Route::Enter => {
            guard::may_write(&head.headers)?;
            enter(&desk, &head.headers, &read::<Token>(body).await?)
        }
        Route::File(name) => {
            inside(session)?;
            let bytes = desk.files.get(&name).ok_or((StatusCode::NOT_FOUND, "there is nothing here"))?;
            Ok(answer::file(&name, bytes))
        }
        Route::State => {
            let csrf = inside(session)?.csrf;
            let state = of_ledger(desk, move |desk| desk.state(&csrf)).await?;
            Ok(answer::data(StatusCode::OK, &state))
        }
        Route::Lead(key) => {
            inside(session)?;
            let gone = (StatusCode::NOT_FOUND, "there is no such lead");
            let shown = of_ledger(desk, move |desk| desk.lead(&key)).await?;
            shown.map(|lead| answer::data(StatusCode::OK, &lead)).ok_or(gone)
        }
        Route::Step => {
            guard::may_write(&head.headers)?;
            let session = inside(session)?;
            own_page(&session, &head.headers)?;
            let asked = read::<Asked>(body).await?;
            of_ledger(desk, move |desk| desk.step(&asked)).await.map(became)
        }
    }
}

fn inside(session: Option<Session>) -> Result<Session, Refusal> {
    session.ok_or((StatusCode::UNAUTHORIZED, "open the address that was shown when the desk was started"))
}

/// What only the page of this very browser knows.
fn own_page(session: &Session, headers: &HeaderMap) -> Result<(), Refusal> {
    let is_own = guard::csrf(headers).is_some_and(|csrf| same(&session.csrf, csrf));
    if is_own { Ok(()) } else { Err((StatusCode::FORBIDDEN, "only the desk's own page may write")) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    token: String,
}

fn enter(desk: &Desk, headers: &HeaderMap, asked: &Token) -> Result<Answer, Refusal> {
    if !same(&desk.token, &asked.token) {
        return Err((StatusCode::FORBIDDEN, "this address is no longer good"));
    }
    let broken = |_| (StatusCode::INTERNAL_SERVER_ERROR, "this machine gives no random numbers");
    let name = guard::cookie_name(headers);
    desk.enter().map(|session| answer::entered(&name, &session.cookie)).map_err(broken)
}

/// What a question brings, as JSON of a known form.
async fn read<T: DeserializeOwned>(body: Incoming) -> Result<T, Refusal> {
    let large = (StatusCode::PAYLOAD_TOO_LARGE, "expected less");
    let slow = (StatusCode::REQUEST_TIMEOUT, "expected it sooner");
    let whole = timeout(HEAD_TIME, Limited::new(body, MOST_BODY).collect()).await.map_err(|_elapsed| slow)?;
    let bytes: Bytes = whole.map_err(|_cut| large)?.to_bytes();
    serde_json::from_slice(&bytes)
        .map_err(|_wrong| (StatusCode::BAD_REQUEST, "expected JSON of the desk's own page"))
}

/// Works with the ledger where waiting for it keeps nobody else waiting.
async fn of_ledger<T: Send + 'static>(
    desk: Arc<Desk>,
    work: impl FnOnce(&Desk) -> Result<T, LedgerError> + Send + 'static,
) -> Result<T, Refusal> {
    let tell = desk.reviewer.tell;
    let failed =
        (StatusCode::SERVICE_UNAVAILABLE, "the ledger cannot be read or written now; nothing was written");
    match tokio::task::spawn_blocking(move || work(&desk)).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => {
            // Words with places of this machine go to who started the desk, not to a browser.
            tell(&error.to_string());
            Err(failed)
        }
        Err(_) => Err(failed),
    }
}

fn became(what: Became) -> Answer {
    match what {
        Became::Written(lead) => answer::data(StatusCode::OK, &lead),
        Became::Stale(lead) => answer::data(StatusCode::CONFLICT, &lead),
        Became::Refused(why) => {
            let told = json!({"error": why.told, "code": why.code, "field": why.field});
            answer::data(StatusCode::UNPROCESSABLE_ENTITY, &told)
        }
        Became::Unknown => answer::refused((StatusCode::NOT_FOUND, "there is no such lead")),
    }
}
