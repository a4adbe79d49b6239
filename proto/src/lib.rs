//! The contract: facts on the wire, subjects and conversions.
