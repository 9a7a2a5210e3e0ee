//! The gateway against a scripted core: in process, and over sockets where sockets matter.

#![allow(unreachable_pub, reason = "modules of one test binary")]

mod connections;
mod envelope;
mod fake_core;
mod fields;
mod fixture;
mod golden;
mod load;
mod outcomes;
mod settings;
mod transport;
