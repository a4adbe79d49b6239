//! Letters and roll-ups rendered as text, so that a reviewer sees a wrong sentence, and read back from their files.

mod catalog;
mod checked;
mod letters;
mod notices;
mod package;
mod roll_ups;
mod samples;
