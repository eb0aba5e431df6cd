//! A server of this machine that counts who calls: nobody should.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Listens at a port of its own.
pub struct Ear {
    pub port: u16,
    calls: Arc<AtomicUsize>,
}

impl Ear {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let calls = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&calls);
        std::thread::spawn(move || {
            for _call in listener.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { port, calls }
    }

    pub fn address(&self) -> String {
        format!("/vsicurl/http://127.0.0.1:{}/x.tif", self.port)
    }

    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}
