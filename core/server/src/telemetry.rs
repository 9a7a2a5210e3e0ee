//! The core's metrics. Collecting and serving them is the binary's work: it installs a recorder,
//! then calls [`register`].

use crate::auth::Rpc;
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

/// Calls answered, by method and gRPC code.
pub(crate) const CALLS: &str = "map_core_calls_total";
/// Seconds from request to answer, by method.
pub(crate) const CALL_SECONDS: &str = "map_core_call_seconds";
/// Calls that run.
pub(crate) const IN_FLIGHT: &str = "map_core_calls_in_flight";
/// Calls refused for load, by method.
pub(crate) const SHED: &str = "map_core_calls_shed_total";
/// Calls that ended as INTERNAL.
pub(crate) const INTERNAL_FAILURES: &str = "map_core_internal_failures_total";
/// Revision of the catalogue in force.
pub(crate) const CATALOGUE_REVISION: &str = "map_core_catalogue_revision";
/// Whether the store accepts commits.
pub(crate) const STORE_HEALTHY: &str = "map_core_store_healthy";
/// Commits whose outcome was open.
pub(crate) const OUTCOMES_UNKNOWN: &str = "map_core_outcomes_unknown_total";
/// Open connections.
pub(crate) const CONNECTIONS: &str = "map_core_connections";
/// Connections closed because their address has enough.
pub(crate) const CONNECTIONS_REFUSED: &str = "map_core_connections_refused_total";

/// Tells the installed recorder of each metric what it is, and begins its series: an alarm on one
/// that appears with its first increment misses that increment. Codes other than OK begin when
/// they are first answered; what may alarm of them is counted apart.
pub fn register() {
    describe_counter!(CALLS, "Calls answered, by method and gRPC code");
    describe_histogram!(
        CALL_SECONDS,
        Unit::Seconds,
        "Time from request to answer, by method"
    );
    describe_counter!(SHED, "Calls refused for load, by method");
    for rpc in Rpc::ALL {
        counter!(CALLS, "method" => rpc.path(), "code" => "OK").increment(0);
        counter!(SHED, "method" => rpc.path()).increment(0);
        let _begun = histogram!(CALL_SECONDS, "method" => rpc.path());
    }
    describe_gauge!(IN_FLIGHT, "Calls that run, those included whose caller has gone");
    describe_gauge!(CONNECTIONS, "Open connections");
    for name in [IN_FLIGHT, CONNECTIONS] {
        gauge!(name).increment(0.0);
    }
    describe_counter!(INTERNAL_FAILURES, "Calls that ended as INTERNAL");
    describe_counter!(
        OUTCOMES_UNKNOWN,
        "Commits whose outcome the store could not tell at once"
    );
    describe_counter!(
        CONNECTIONS_REFUSED,
        "Connections closed because their address has as many as it may"
    );
    for name in [INTERNAL_FAILURES, OUTCOMES_UNKNOWN, CONNECTIONS_REFUSED] {
        counter!(name).increment(0);
    }
    // These two are set to what they are when the core starts.
    describe_gauge!(CATALOGUE_REVISION, "Revision of the catalogue in force");
    describe_gauge!(STORE_HEALTHY, "1 while the store accepts commits");
}
