//! The gouji command.
