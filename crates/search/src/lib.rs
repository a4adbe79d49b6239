//! The search index: one query model and the engine behind it.
