//! Papers drawn as text, so that a wrong sentence is seen, and read back from their files.

mod letters;
mod package;
mod roll_ups;
mod samples;
