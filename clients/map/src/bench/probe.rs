//! What the server costs, seen from outside: its counters, processor time and memory.

use crate::child::{Server, http_get};
use crate::outcome::Stop;

/// One look.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Probe {
    /// Syncs of the store so far.
    pub(super) syncs: u64,
    /// Processor time of the server so far, in µs.
    pub(super) server_us: u64,
    /// Processor time of this process so far, in µs.
    pub(super) load_us: u64,
    /// Memory of the server, resident, in KiB.
    pub(super) rss_kib: u64,
}

impl Probe {
    pub(super) async fn take(server: &Server) -> Result<Self, Stop> {
        let (_, metrics) = http_get(&format!("{}/metrics", server.admin())).await?;
        Ok(Self {
            syncs: counter(&metrics, "map_store_groups_total").unwrap_or_default(),
            server_us: cpu_us(server.pid()).unwrap_or_default(),
            load_us: cpu_us(std::process::id()).unwrap_or_default(),
            rss_kib: rss_kib(server.pid()).unwrap_or_default(),
        })
    }

    /// What came since an earlier look; memory as it is now.
    pub(super) const fn since(self, earlier: Self) -> Self {
        Self {
            syncs: self.syncs.saturating_sub(earlier.syncs),
            server_us: self.server_us.saturating_sub(earlier.server_us),
            load_us: self.load_us.saturating_sub(earlier.load_us),
            rss_kib: self.rss_kib,
        }
    }
}

/// The value of a counter without labels.
fn counter(metrics: &str, name: &str) -> Option<u64> {
    let value = |line: &str| line.strip_prefix(name)?.trim().parse().ok();
    metrics.lines().find_map(value)
}

/// User and system time of a process, in µs (proc_pid_stat(5), fields 14 and 15).
fn cpu_us(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    ticks(&stat)?
        .checked_mul(1_000_000)?
        .checked_div(rustix::param::clock_ticks_per_second())
}

/// Behind the name, which may hold anything, stand the fields from the third on.
fn ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    let (user, system) = (fields.next()?.ok()?, fields.next()?.ok()?);
    user.checked_add(system)
}

fn rss_kib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_found_by_its_whole_name() {
        let metrics = "# TYPE a_total counter\na_total_more 5\na_total 7\n";
        assert_eq!(counter(metrics, "a_total"), Some(7));
        assert_eq!(counter(metrics, "b_total"), None);
    }

    #[test]
    fn processor_time_is_read_behind_any_name() {
        let stat = "12 (a) b) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0";
        assert_eq!(ticks(stat), Some(300));
    }
}
