//! The names of the metrics that the core counts. Collecting and serving them is the
//! binary's work: it installs a recorder, then calls [`describe`].

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Tells the installed recorder what each metric is.
pub fn describe() {
    describe_counter!("map_core_calls_total", "Calls answered, by method and gRPC code");
    describe_histogram!(
        "map_core_call_seconds",
        Unit::Seconds,
        "Time from request to answer, by method"
    );
    describe_gauge!(
        "map_core_calls_in_flight",
        "Calls that run, those included whose caller has gone"
    );
    describe_counter!("map_core_calls_shed_total", "Calls refused for load, by method");
    describe_counter!("map_core_internal_failures_total", "Calls that ended as INTERNAL");
    describe_gauge!(
        "map_core_catalogue_revision",
        "Revision of the catalogue in force"
    );
    describe_gauge!("map_core_store_healthy", "1 while the store accepts commits");
    describe_counter!(
        "map_core_outcomes_unknown_total",
        "Commits whose outcome the store could not tell at once"
    );
    describe_gauge!("map_core_connections", "Open connections");
}
