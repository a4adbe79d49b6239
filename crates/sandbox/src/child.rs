//! The child: limits itself, then answers requests until the parent closes the pipe.

use std::io::{self, ErrorKind, Read, Write};
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use crate::confine::Confined;
use crate::wire::{self, Cost, Lengths, REQUEST_HEADER};

/// Exit code of a child whose work panicked, as of any Rust program.
pub(crate) const EXIT_PANICKED: u8 = 101;

/// The whole `main` of a child. `arguments` are those after the verb; `work` makes head and body of the
/// response from those of the request.
pub fn serve(arguments: &[String], work: impl FnMut(&[u8], Vec<u8>) -> (Vec<u8>, Vec<u8>)) -> ExitCode {
    let [memory_bytes, cpu_seconds] = arguments else { return refuse_to_run() };
    let (Ok(memory_bytes), Ok(cpu_seconds)) = (memory_bytes.parse(), cpu_seconds.parse()) else {
        return refuse_to_run();
    };
    let served = Confined::enter(memory_bytes).and_then(|confined| answer_all(&confined, cpu_seconds, work));
    served.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}

fn refuse_to_run() -> ExitCode {
    eprintln!("only the program itself runs this verb");
    ExitCode::FAILURE
}

fn answer_all(
    confined: &Confined,
    cpu_seconds: u64,
    mut work: impl FnMut(&[u8], Vec<u8>) -> (Vec<u8>, Vec<u8>),
) -> io::Result<ExitCode> {
    // A panic message may quote the document, so only its location leaves the child.
    static PANICKED_AT: Mutex<String> = Mutex::new(String::new());
    panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        *PANICKED_AT.lock().unwrap_or_else(PoisonError::into_inner) = location;
    }));
    let (mut requests, mut responses) = (io::stdin().lock(), io::stdout().lock());
    while let Some(lengths) = next(&mut requests)? {
        let cpu_before = confined.cpu();
        confined.allow_cpu(cpu_before, cpu_seconds)?;
        let head = read(&mut requests, lengths.head)?;
        let body = read(&mut requests, lengths.body)?;
        let Ok((head, body)) = panic::catch_unwind(AssertUnwindSafe(|| work(&head, body))) else {
            eprintln!("panicked at {}", PANICKED_AT.lock().unwrap_or_else(PoisonError::into_inner));
            return Ok(ExitCode::from(EXIT_PANICKED));
        };
        let cpu = confined.cpu().saturating_sub(cpu_before);
        let cost = Cost { cpu, peak_bytes: confined.peak_bytes()? };
        let lengths = Lengths::of(&head, &body);
        responses.write_all(&wire::response_header(&lengths, cost, confined.confinement()))?;
        responses.write_all(&head)?;
        responses.write_all(&body)?;
        responses.flush()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The lengths of the next request, or none if the parent closed the pipe.
fn next(requests: &mut impl Read) -> io::Result<Option<Lengths>> {
    let mut header = [0; REQUEST_HEADER];
    match requests.read_exact(&mut header) {
        Ok(()) => Ok(Some(wire::read_request_header(header))),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(requests: &mut impl Read, length: u64) -> io::Result<Vec<u8>> {
    let length = usize::try_from(length).map_err(io::Error::other)?;
    let mut bytes = vec![0; length];
    requests.read_exact(&mut bytes)?;
    Ok(bytes)
}
