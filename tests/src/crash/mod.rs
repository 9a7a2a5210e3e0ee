//! Series of kills: `map serve` under load is killed with SIGKILL at seeded moments, started again on the same
//! folder, and everything that was acknowledged is asked for.
//!
//! A seed repeats the plan (who pays what, how, and when the kill comes), not how threads and processes
//! happen to be scheduled.

mod audit;
mod calls;
mod cast;
mod deal;
mod load;
mod report;
mod series;

pub use report::Report;
pub use series::Series;
