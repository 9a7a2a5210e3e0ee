//! End-to-end, conformance, crash and fault tests of MAP: black-box tests of the real binary over real
//! sockets, written from the documents. Everything is in `e2e/`; this library is empty on purpose.
