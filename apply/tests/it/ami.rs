//! Asterisk's manager interface, against a server that answers as Asterisk does.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use apply::{Ami, Asterisk as _};

/// Starts a server for one connection. `answer` gets each message, and returns the bytes to send.
fn serve(answer: impl Fn(&str) -> String + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"Asterisk Call Manager/9.0.0\r\n").unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while let Some(message) = message(&mut reader) {
            // It comes in two pieces.
            let bytes = answer(&message);
            let (first, second) = bytes.split_at(bytes.len() / 2);
            stream.write_all(first.as_bytes()).unwrap();
            stream.write_all(second.as_bytes()).unwrap();
        }
    });
    port
}

fn message(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut message = String::new();
    while !message.ends_with("\r\n\r\n") {
        if reader.read_line(&mut message).ok()? == 0 {
            return None;
        }
    }
    Some(message)
}

fn ami(port: u16) -> Ami {
    Ami { host: "127.0.0.1".to_owned(), port, username: "confgend".to_owned(), secret: "s3cret".to_owned() }
}

fn send(port: u16) -> Result<String, String> {
    let answer = ami(port).send("module reload app_queue.so", Duration::from_millis(500));
    answer.map_err(|error| error.chain().replace(&port.to_string(), "PORT"))
}

fn logged_in(message: &str, command: &str) -> String {
    if message.contains("Action: Login\r\nUsername: confgend\r\nSecret: s3cret\r\nEvents: off\r\n") {
        let event = "Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n";
        return format!(
            "Response: Success\r\nActionID: confgend\r\nMessage: Authentication accepted\r\n\r\n{event}"
        );
    }
    assert!(message.contains("Action: Command\r\nCommand: module reload app_queue.so\r\n"), "{message}");
    command.to_owned()
}

#[test]
fn the_output_of_a_command_is_the_answer() {
    let command = "Response: Success\r\nActionID: confgend\r\nMessage: Command output follows\r\n\
        Output: Module 'app_queue.so' reloaded successfully.\r\nOutput:  second\r\n\r\n";
    let port = serve(move |message| logged_in(message, command));
    assert_eq!(send(port), Ok("Module 'app_queue.so' reloaded successfully.\n second".to_owned()));
    let command = "Response: Error\r\nActionID: confgend\r\nMessage: Command output follows\r\n\
        Output: No such module 'app_queue.so'\r\n\r\n";
    let port = serve(move |message| logged_in(message, command));
    assert_eq!(send(port), Ok("No such module 'app_queue.so'".to_owned()));
}

#[test]
fn a_failure_names_the_address_and_never_the_secret() {
    let refused = "Response: Error\r\nActionID: confgend\r\nMessage: Authentication failed\r\n\r\n";
    let port = serve(|_| refused.to_owned());
    let expected = "AMI at 127.0.0.1:PORT: the login of confgend is refused: Authentication failed";
    assert_eq!(send(port), Err(expected.to_owned()));
    let port = serve(|message| logged_in(message, ""));
    let error = send(port).unwrap_err();
    assert!(error.starts_with("AMI at 127.0.0.1:PORT: no answer in time"), "{error}");
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = send(free).unwrap_err();
    assert!(error.contains("no answer: Connection refused"), "{error}");
    assert!(!format!("{:?}", ami(1)).contains("s3cret"));
}
