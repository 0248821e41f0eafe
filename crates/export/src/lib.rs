//! A consistent snapshot of all projections as files.
