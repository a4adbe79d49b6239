//! A document to a report: sections, rows, alignment, proof and claims.
