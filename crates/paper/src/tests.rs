//! Letters for reviews of each kind, drawn as text so that a wrong sentence is seen.

mod letters;
mod samples;
