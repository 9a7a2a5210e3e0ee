//! Requests that are made before the clock starts: an RSA signature costs its caller over a
//! millisecond, which is the terminal's affair and not the server's.

use super::door::{Door, DoorName};
use super::payments::{Payment, Payments};
use crate::outcome::Stop;
use bytes::Bytes;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinSet;

/// Where callers take their requests from.
pub(super) enum Requests {
    /// Made when they are wanted: making one costs a microsecond.
    Fresh(Payments, Arc<Door>),
    /// Made before.
    Ready(Mutex<Vec<(Payment, Bytes)>>),
}

impl Requests {
    /// For this door; `count` are made now where making them takes long.
    pub(super) async fn new(
        name: DoorName,
        door: &Arc<Door>,
        payments: Payments,
        count: u64,
    ) -> Result<Self, Stop> {
        match name {
            DoorName::Grpc => Ok(Self::Fresh(payments, Arc::clone(door))),
            DoorName::Legacy => Ok(Self::Ready(Mutex::new(made(door, &payments, count).await?))),
        }
    }

    /// The next request; `None`: there are no more.
    pub(super) fn next(&self) -> Option<Result<(Payment, Bytes), Stop>> {
        match self {
            Self::Fresh(payments, door) => {
                let payment = payments.next();
                Some(door.body(&payment).map(|body| (payment, body)))
            }
            Self::Ready(ready) => ready.lock().unwrap_or_else(PoisonError::into_inner).pop().map(Ok),
        }
    }
}

/// On all processors.
async fn made(door: &Arc<Door>, payments: &Payments, count: u64) -> Result<Vec<(Payment, Bytes)>, Stop> {
    let threads = std::thread::available_parallelism().map_or(1, |n| u64::try_from(n.get()).unwrap_or(1));
    let share = count.div_ceil(threads);
    let mut making = JoinSet::new();
    for _ in 0..threads {
        let (door, payments) = (Arc::clone(door), payments.clone());
        making.spawn_blocking(move || {
            let make = |_| {
                let payment = payments.next();
                door.body(&payment).map(|body| (payment, body))
            };
            (0..share).map(make).collect::<Result<Vec<_>, Stop>>()
        });
    }
    let mut all = Vec::new();
    while let Some(made) = making.join_next().await {
        all.extend(made.map_err(Stop::failed)??);
    }
    Ok(all)
}
