//! What a server does when its disk is full or can't be written, and what it never says.

mod core_gone;
mod disk;
pub mod secrecy;
