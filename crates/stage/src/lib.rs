//! A worker's footing: configuration, telemetry, streams, the work loop, originals and shutdown.
