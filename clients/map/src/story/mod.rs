//! The story that `map demo` plays: over real sockets, against a server in a process of its own,
//! with keys and a ledger made for it. Every step says what it proves, and ends the story where
//! that does not hold.

mod abridge;
mod books;
mod burst;
mod crash;
mod epilogue;
mod opening;
mod paying;
mod stage;
mod teller;
mod world;

use crate::child::Server;
use crate::outcome::Stop;
use crate::runtime::Signals;
use crate::ui::{Style, yuan as ui_yuan};
use stage::Stage;
use std::path::Path;
use teller::Teller;
use world::{Doors, World};

/// Plays the story; stays up afterwards where that is wanted.
pub(crate) async fn play(keep: Option<&Path>, stay: bool) -> Result<(), Stop> {
    let signals = Signals::install()?;
    let tell = Teller::new();
    tell.ui().styled(
        Style::Bold,
        "MAP: a card, money, payments, and everything that must not happen",
    );
    tell.ui().styled(
        Style::Dim,
        "→ sent   ← came back   ✓ what it proves   amounts in yuan",
    );
    let stage = Stage::set(keep)?;
    let server = Server::start(&stage.place).await?;
    let doors = Doors::open(&stage, &server)?;
    let (card, sms_code) = (String::new(), String::new());
    let mut world = World {
        stage,
        server: Some(server),
        doors,
        tell,
        card,
        sms_code,
        kept: None,
    };
    tokio::select! {
        played = acts(&mut world) => played?,
        () = signals.clone().drained() => return Err(Stop::failed("interrupted")),
    }
    epilogue::tell(&world.tell, keep.map(|_| &world.stage));
    if stay {
        epilogue::stay(world, signals).await
    } else {
        Ok(())
    }
}

async fn acts(world: &mut World) -> Result<(), Stop> {
    opening::play(world).await?;
    paying::play(world).await?;
    crash::play(world).await?;
    books::play(world).await
}
