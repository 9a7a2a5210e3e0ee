//! The last act: the books are balanced, and the folder is verified from end to end.

use super::ui_yuan;
use super::world::World;
use crate::commands::check;
use crate::outcome::Stop;
use map_client::proto::operator::v1::GetTrialBalanceRequest;

pub(super) async fn play(world: &mut World) -> Result<(), Stop> {
    trial_balance(world).await?;
    verify(world).await
}

async fn trial_balance(world: &mut World) -> Result<(), Stop> {
    world.tell.step("The trial balance, drawn from the journal alone");
    world.tell.sent("gRPC OperatorService/GetTrialBalance");
    let balance = world
        .doors
        .operator
        .get_trial_balance(GetTrialBalanceRequest {})
        .await;
    let balance = world.answered(balance)?;
    let count = balance.entry_count;
    for line in &balance.lines {
        world.tell.got(&format!(
            "{:<36} {:>14}",
            line.ledger_account,
            ui_yuan(line.balance_fen)
        ));
    }
    world.tell.got(&format!(
        "{:<36} {:>14}   ({count} entries)",
        "total",
        ui_yuan(balance.total_fen)
    ));
    let (cash, _) = world.balances().await?;
    let booked = balance
        .lines
        .iter()
        .any(|line| line.ledger_account == "cash" && line.balance_fen.abs() == cash);
    world.tell.proves(
        balance.total_fen == 0 && count > 0 && booked,
        "every entry sums to zero, and so does everything: no fen came from nowhere or went nowhere",
    )
}

async fn verify(world: &mut World) -> Result<(), Stop> {
    world
        .tell
        .step("The server drains, and map check verifies its folder");
    let server = world
        .server
        .take()
        .ok_or_else(|| Stop::failed("the server is down"))?;
    world.tell.sent(&format!("SIGTERM to process {}", server.pid()));
    let status = server.stop().await?;
    world.tell.got(&status.to_string());
    world
        .tell
        .proves(status.success(), "what ran was finished, nothing was cut off")?;
    let findings = check::examine_copy(&world.stage.place.ledger(), false).await?;
    let counts = &findings.report.counts;
    world.tell.got(&format!(
        "{} customer, {} accounts, {} orders, {} entries, {} claims, {} index rows, {} problems",
        counts.customers,
        counts.accounts,
        counts.orders,
        counts.entries,
        [counts.bound_claims, counts.closed_claims, counts.proofs]
            .into_iter()
            .fold(0, u64::saturating_add),
        counts.index_rows,
        findings.count()
    ));
    for line in findings.lines() {
        world.tell.say(&line);
    }
    world.tell.proves(
        findings.count() == 0 && counts.entries > 0,
        "the state is what the log says, every balance equals its postings, every index row and claim is explained",
    )
}
