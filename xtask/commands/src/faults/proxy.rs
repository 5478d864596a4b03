//! A proxy before the database that can hang: it then accepts connections, and passes nothing on.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use driver_api::Error;

pub(super) struct Proxy {
    pub(super) port: u16,
    hangs: Arc<AtomicBool>,
}

impl Proxy {
    /// Starts a proxy before a server. Its threads end with the process.
    pub(super) fn start(server: SocketAddr) -> Result<Proxy, Error> {
        let failed = |error| Error::driver("the proxy can't listen").because(error);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let hangs = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&hangs);
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let flag = Arc::clone(&flag);
                thread::spawn(move || connect(near, server, &flag));
            }
        });
        Ok(Proxy { port, hangs })
    }

    pub(super) fn hang(&self, hangs: bool) {
        self.hangs.store(hangs, Ordering::Release);
    }
}

fn connect(near: TcpStream, server: SocketAddr, hangs: &Arc<AtomicBool>) {
    wait(hangs);
    let Ok(far) = TcpStream::connect(server) else { return };
    let Ok((near_again, far_again)) = near.try_clone().and_then(|near| Ok((near, far.try_clone()?))) else {
        return;
    };
    let flag = Arc::clone(hangs);
    thread::spawn(move || pass(near_again, far_again, &flag));
    pass(far, near, hangs);
}

fn wait(hangs: &AtomicBool) {
    while hangs.load(Ordering::Acquire) {
        thread::sleep(Duration::from_millis(5));
    }
}

/// Passes data on until either side ends.
fn pass(mut from: TcpStream, mut to: TcpStream, hangs: &AtomicBool) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read) = from.read(&mut buffer) {
        wait(hangs);
        if read == 0 || to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
