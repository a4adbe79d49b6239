//! Reports across agencies: who should report and has not, what the children of a region add up to,
//! who stands out among peers, and whose text is whose copy.
//!
//! Pure functions over reports that are handed in; `console` fetches them from the index.
