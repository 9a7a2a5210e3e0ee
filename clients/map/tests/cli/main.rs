//! The binary as a person or a script uses it: arguments in, exit codes and output out.

#![cfg(test)]

mod apart;
mod arguments;
mod bench;
mod check;
mod configuration;
mod demo;
mod provisioning;
mod serving;
mod starts;
mod support;
