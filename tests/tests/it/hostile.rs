//! Files, disks and clients that mean harm, or that look like it: others do not notice.

mod clients;
mod damaged;
mod drop_folder;
