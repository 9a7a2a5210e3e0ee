//! What to do next; and the platform stays up for whoever wants to try it.

use super::stage::{APP, MOBILE, PAYMENT_CODE, Stage, TERMINAL};
use super::teller::Teller;
use super::world::{Doors, World, payment_fields};
use crate::child::Server;
use crate::outcome::Stop;
use crate::runtime::Signals;
use crate::ui::{Style, Ui};

/// How this program is called, for commands to copy.
fn program() -> String {
    let path = std::env::current_exe().unwrap_or_else(|_| "map".into());
    let here = std::env::current_dir().ok();
    let short = here.and_then(|here| {
        path.strip_prefix(here)
            .ok()
            .map(|path| format!("./{}", path.display()))
    });
    short.unwrap_or_else(|| path.display().to_string())
}

/// The end of the story.
pub(super) fn tell(tell: &Teller, kept: Option<&Stage>) {
    let ui = tell.ui();
    ui.line("");
    let text = format!("All {} steps were as told, in {}.", tell.steps(), tell.took());
    ui.styled(Style::Green, &text);
    ui.line("");
    ui.styled(Style::Bold, "Next");
    let map = program();
    let mut lines = vec![
        (format!("{map} demo --serve"), "stays up, with calls to copy"),
        (
            format!("{map} call --list"),
            "the documented calls and their fields",
        ),
        (format!("{map} serve --help"), "run it for yourself"),
        ("cargo test --workspace".to_owned(), "prove the rest"),
    ];
    if let Some(stage) = kept {
        lines.insert(
            0,
            (
                format!("{map} check {}", stage.place.ledger().display()),
                "the ledger that you kept",
            ),
        );
        lines.insert(
            1,
            (
                format!("{map} serve --config {}", stage.place.config_file().display()),
                "serve it again",
            ),
        );
    }
    let width = lines.iter().map(|(command, _)| command.len()).max().unwrap_or(0);
    for (command, why) in lines {
        ui.line(&format!("  {command:<width$}   {}", ui.paint(Style::Dim, why)));
    }
}

/// Serves again, prints calls to copy, and waits for Ctrl-C.
pub(super) async fn stay(mut world: World, signals: Signals) -> Result<(), Stop> {
    let mut server = Server::start(&world.stage.place).await?;
    world.doors = Doors::open(&world.stage, &server)?;
    let ui = world.tell.ui();
    print_calls(ui, &world, &server)?;
    ui.line("");
    ui.styled(Style::Bold, "MAP stays up until Ctrl-C.");
    tokio::select! {
        () = signals.drained() => {}
        status = server.ended() => return Err(Stop::failed(format!("the server ended: {}", status?))),
    }
    ui.line("draining");
    // The terminal sends Ctrl-C to the server, too: it may be gone by now.
    let _status = server.stop().await;
    Ok(())
}

fn print_calls(ui: Ui, world: &World, server: &Server) -> Result<(), Stop> {
    let (map, keys) = (program(), &world.stage.keys);
    let core = server.core();
    let authority = core.trim_start_matches("http://");
    let (path, body) = world.sign(
        &world.doors.signed,
        "gw_pay",
        &payment_fields("900001", 100, PAYMENT_CODE),
    )?;
    let heading = |text: &str| {
        ui.line("");
        ui.styled(Style::Bold, text);
    };
    heading("Pay 1.00 yuan with signed JSON. Run it twice: the answer stays, the money moves once");
    ui.line(&format!(
        "curl -sS {}{path} -H 'Content-Type: application/json' -d '{body}'; echo",
        server.gateway()
    ));
    heading("Another amount, signed by map");
    ui.line(&format!(
        "{map} call {path} --url {} --app {APP} --app-key {} --rsa-key {} --posp-key {} \
         consumerId={MOBILE} paymentCodeDES={PAYMENT_CODE} sum=200 sellerId=SH12345 storeId=ST12345 \
         terminalId={TERMINAL} operatorId=me batchNo=B001 terminalOrderId=900002",
        server.gateway(),
        keys.app_key,
        world.stage.rsa_key_file().display(),
        keys.posp_key,
    ));
    heading("The customer's accounts, over gRPC (reflection is on)");
    ui.line(&format!(
        "grpcurl -plaintext -H 'authorization: Bearer {}' -d '{{\"mobile_number\":\"{MOBILE}\"}}' \
         {authority} map.account.v1.AccountService/ListAccounts",
        keys.app_bearer
    ));
    heading("The trial balance, as the operator");
    ui.line(&format!(
        "grpcurl -plaintext -H 'authorization: Bearer {}' {authority} map.operator.v1.OperatorService/GetTrialBalance",
        keys.operator_bearer
    ));
    heading("Metrics");
    ui.line(&format!("curl -sS {}/metrics", server.admin()));
    heading("The server's log, the configuration and the provisioning file");
    ui.line(&format!("{}", world.stage.place.folder().display()));
    Ok(())
}
