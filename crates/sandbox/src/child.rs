//! The child: limits itself, then answers until nobody asks any more.

use std::io::{self, ErrorKind, Read, Write};
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use crate::confine::Confined;
use crate::wire::{self, Cost, Lengths, QUESTION};

/// How a child ends whose work panicked, as any Rust program does.
pub(crate) const EXIT_PANICKED: u8 = 101;

/// The whole of a child's `main`. `arguments` are those behind the verb; `work` makes head and body of the
/// answer from those of the question.
pub fn serve(arguments: &[String], work: impl FnMut(&[u8], Vec<u8>) -> (Vec<u8>, Vec<u8>)) -> ExitCode {
    let [memory_bytes, cpu_seconds] = arguments else { return not_to_be_typed() };
    let (Ok(memory_bytes), Ok(cpu_seconds)) = (memory_bytes.parse(), cpu_seconds.parse()) else {
        return not_to_be_typed();
    };
    let served = Confined::enter(memory_bytes).and_then(|confined| answer_all(&confined, cpu_seconds, work));
    served.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}

fn not_to_be_typed() -> ExitCode {
    eprintln!("this verb is for the program itself");
    ExitCode::FAILURE
}

fn answer_all(
    confined: &Confined,
    cpu_seconds: u64,
    mut work: impl FnMut(&[u8], Vec<u8>) -> (Vec<u8>, Vec<u8>),
) -> io::Result<ExitCode> {
    // What a panic says may quote the document; where it happened is all that may leave.
    static PANICKED_AT: Mutex<String> = Mutex::new(String::new());
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        *PANICKED_AT.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }));
    let (mut questions, mut answers) = (io::stdin().lock(), io::stdout().lock());
    while let Some(lengths) = next(&mut questions)? {
        let begun = confined.cpu();
        confined.allow_cpu(begun, cpu_seconds)?;
        let head = read(&mut questions, lengths.head)?;
        let body = read(&mut questions, lengths.body)?;
        let Ok((head, body)) = panic::catch_unwind(AssertUnwindSafe(|| work(&head, body))) else {
            eprintln!("panicked at {}", PANICKED_AT.lock().unwrap_or_else(PoisonError::into_inner));
            return Ok(ExitCode::from(EXIT_PANICKED));
        };
        let cost = Cost { cpu: confined.cpu().saturating_sub(begun), peak_bytes: confined.peak_bytes()? };
        answers.write_all(&wire::answer(&Lengths::of(&head, &body), cost))?;
        answers.write_all(&head)?;
        answers.write_all(&body)?;
        answers.flush()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The lengths of the next question; none where the parent has gone.
fn next(questions: &mut impl Read) -> io::Result<Option<Lengths>> {
    let mut opening = [0; QUESTION];
    match questions.read_exact(&mut opening) {
        Ok(()) => Ok(Some(wire::read_question(opening))),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(questions: &mut impl Read, length: u64) -> io::Result<Vec<u8>> {
    let length = usize::try_from(length).map_err(io::Error::other)?;
    let mut bytes = vec![0; length];
    questions.read_exact(&mut bytes)?;
    Ok(bytes)
}
