//! `map bench`: how many payments a second, and how long each takes, over real sockets against a
//! server in a process of its own.
//!
//! Every answer is checked while it is measured, and in the end the ledger is: it must hold as many
//! payments as were acknowledged, and as much money as before. What this does not do: share the
//! server's processors fairly. The load comes from this machine, too, and its cost is shown.

mod customers;
mod door;
mod drive;
mod home;
mod payments;
mod prepare;
mod probe;
mod report;
mod run;
mod tally;
mod verify;

use crate::cli::BenchArgs;
use crate::outcome::Stop;
use crate::runtime::Signals;
pub(crate) use door::DoorName;
use home::Home;

/// Measures, and prints what was seen. The server has its defaults and these settings.
pub(crate) async fn measure(args: &BenchArgs, settings: &[String]) -> Result<(), Stop> {
    let signals = Signals::install()?;
    tokio::select! {
        measured = measured(args, settings) => measured,
        () = signals.drained() => Err(Stop::failed("interrupted")),
    }
}

async fn measured(args: &BenchArgs, settings: &[String]) -> Result<(), Stop> {
    let mut home = Home::open(args, settings).await?;
    let session = run::session(&mut home, args).await?;
    let verified = if args.skip_check {
        None
    } else {
        Some(verify::verify(&mut home, &session).await?)
    };
    report::show(args, &home, &session, verified.as_ref())
}
