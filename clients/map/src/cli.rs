//! The command line: what can be asked of `map`, and the help that says so.

use crate::bench::DoorName;
use crate::telemetry::LogFormat;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// MAP, the marketing account platform: stored-value accounts, prepaid fuel cards and payments at POS
/// terminals, over gRPC and over the documented signed JSON.
#[derive(Debug, Parser)]
#[command(name = "map", version = crate::version::line(), after_help = EXAMPLES, subcommand_required = false, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

const EXAMPLES: &str = "\
Start here:
  map demo                              see everything work, in a temporary folder
  map demo --serve                      the same, then stay up with ready-made calls to try

Run it:
  map serve --config map.toml           core and gateway in one process
  map serve --set provisioning_file=docs/provisioning.example.toml
  map --dump-config > map.toml          every setting, what it means and its value

Exit codes: 0 done, 1 failed, 2 wrong arguments or configuration.";

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// Configuration file (TOML). Environment variables (MAP_CORE__BIND=…) and --set override it
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "MAP_CONFIG",
        help_heading = "Configuration"
    )]
    pub(crate) config: Option<PathBuf>,
    /// Sets one key, such as core.bind=127.0.0.1:50051. Repeatable
    #[arg(
        long,
        global = true,
        value_name = "KEY.PATH=VALUE",
        help_heading = "Configuration"
    )]
    pub(crate) set: Vec<String>,
    /// Prints every setting with its documentation and value in force as TOML, secrets masked, and ends
    #[arg(long, global = true, help_heading = "Configuration")]
    pub(crate) dump_config: bool,
    /// What is logged to standard error: error, warn, info, debug, trace, or a filter such as
    /// warn,map_server=debug
    #[arg(
        long,
        global = true,
        value_name = "LEVEL",
        env = "MAP_LOG",
        help_heading = "Logging"
    )]
    pub(crate) log: Option<String>,
    /// How it is logged
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        env = "MAP_LOG_FORMAT",
        value_enum,
        default_value_t,
        help_heading = "Logging"
    )]
    pub(crate) log_format: LogFormat,
}

/// What `map` can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Plays the whole story over real sockets and proves each step
    Demo(DemoArgs),
    /// Serves core and gateway in one process
    Serve(ServeArgs),
    /// Serves the core alone: gRPC
    Core(ServeArgs),
    /// Serves the gateway alone, in front of a core
    Gateway(GatewayArgs),
    /// Applies a provisioning file to a running core, or validates it
    Provision(ProvisionArgs),
    /// Verifies a data folder: its log, the state against the log, trial balance, balances, indexes, claims
    Check(CheckArgs),
    /// Verifies the commit log of a data folder, or prints what is in it
    Log(LogArgs),
    /// Sends a documented JSON call, signing and encrypting it
    Call(CallArgs),
    /// Makes a bearer key, and the hash that is provisioned
    Key(KeyArgs),
    /// Measures payments a second and their latency, and checks every answer and the ledger
    Bench(BenchArgs),
}

/// `map demo`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  map demo
  map demo --serve
  map demo --keep /tmp/map-demo && map check /tmp/map-demo/data")]
pub(crate) struct DemoArgs {
    /// Afterwards stays up and prints ready-made calls to try
    #[arg(long)]
    pub(crate) serve: bool,
    /// Keeps ledger, keys and configuration in this folder, which must be empty or absent
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
}

/// `map serve` and `map core`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  map serve --config map.toml
  map serve --set data_dir=/var/lib/map --set provisioning_file=map-provisioning.toml
  map serve --set core.bind=127.0.0.1:0 --ready-file /run/map.json

The first SIGTERM or SIGINT drains: no new work, what runs is finished. The second ends at once.")]
pub(crate) struct ServeArgs {
    /// Written once everything serves: JSON with the addresses
    #[arg(long, value_name = "PATH")]
    pub(crate) ready_file: Option<PathBuf>,
}

/// `map gateway`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  map key                               a key for the gateway; its hash goes under [[gateway]] in provisioning
  map gateway --core http://10.0.0.5:50051 --key-file /etc/map/gateway.key --config gateway.toml")]
pub(crate) struct GatewayArgs {
    /// The core, such as http://10.0.0.5:50051. Needed to serve
    #[arg(long, value_name = "URL", env = "MAP_CORE_URL")]
    pub(crate) core: Option<String>,
    /// File with the gateway's bearer key. Default: gateway.core_key of the configuration
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
}

/// `map provision`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  map provision docs/provisioning.example.toml --check
  MAP_KEY=… map provision provisioning.toml --core http://127.0.0.1:50051 --dry-run
  map provision provisioning.toml --key-file operator.key --reason 'new terminal at ST12345'
  map provision provisioning.toml --key-file operator.key --reason … --expected-revision 7

Applying a file again changes nothing. --dry-run tells the present revision; with --expected-revision
nothing is applied over what somebody else changed since.

A folder of an empty ledger is provisioned by `provisioning_file` in the configuration of map serve.")]
pub(crate) struct ProvisionArgs {
    /// The provisioning file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Validates the file here, without a core, and reports every error
    #[arg(long, conflicts_with_all = ["core", "key", "key_file", "dry_run"])]
    pub(crate) check: bool,
    /// The core, such as http://127.0.0.1:50051; https:// takes the settings core_client.… of --config or --set
    #[arg(
        long,
        value_name = "URL",
        env = "MAP_CORE_URL",
        default_value = "http://127.0.0.1:50051"
    )]
    pub(crate) core: String,
    /// An operator's bearer key. A key in the environment or a file is seen by fewer eyes
    #[arg(long, value_name = "KEY", env = "MAP_KEY", hide_env_values = true)]
    pub(crate) key: Option<String>,
    /// File with an operator's bearer key
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub(crate) key_file: Option<PathBuf>,
    /// Lets the core validate and tells what would change, and the present revision
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Why, for the audit trail. 1 to 512 bytes
    #[arg(long, value_name = "TEXT", required_unless_present_any = ["check", "dry_run"], conflicts_with = "check")]
    pub(crate) reason: Option<String>,
    /// Applies only where the catalogue has this revision; 0: where nothing was ever provisioned
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(i64).range(0..),
        conflicts_with = "check"
    )]
    pub(crate) expected_revision: Option<i64>,
}

/// `map check`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  map check map-data
  map check map-data --json | jq .problems

Works on a copy beside the folder, which shares the files that never change again. Exit codes: 0 nothing is wrong,
1 something is, or the folder can't be opened, 2 wrong arguments.")]
pub(crate) struct CheckArgs {
    /// The data folder, which no server may have open
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Prints one JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// Opens the folder itself instead of a copy: the end of the log is settled and the state brought up to it
    #[arg(long)]
    pub(crate) in_place: bool,
}

/// `map log`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  map log verify map-data               every record: checksum, chain of hashes, and what was acknowledged
  map log verify /backup/map-archive    the same for archived segments
  map log dump map-data --from 1200 --limit 3

Both read only, and may run beside a server. Exit codes: 0 the log is sound, 1 it is not, 2 wrong arguments.")]
pub(crate) struct LogArgs {
    #[command(subcommand)]
    pub(crate) command: LogCommand,
}

/// What `map log` can do.
#[derive(Debug, Subcommand)]
pub(crate) enum LogCommand {
    /// Reads every record and tells what is wrong: file, offset, record
    #[command(after_help = "Examples:
  map log verify map-data
  map log verify /backup/map-archive    archived segments

Reads only, and may run beside a server. Exit codes: 0 the log is sound, 1 it is not, 2 wrong arguments.")]
    Verify {
        /// The data folder, or a folder of archived segments
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
    /// Prints records: what changed where, without contents, numbers of persons masked
    #[command(after_help = "Examples:
  map log dump map-data --from 1200 --limit 3
  map log dump map-data | grep customer")]
    Dump {
        /// The data folder, or a folder of archived segments
        #[arg(value_name = "DIR")]
        dir: PathBuf,
        /// The first record
        #[arg(long, value_name = "SEQ", default_value_t = 1)]
        from: u64,
        /// At most so many records
        #[arg(long, value_name = "N", default_value_t = u64::MAX, hide_default_value = true)]
        limit: u64,
    },
}

/// `map call`.
#[derive(Debug, Args)]
#[command(after_help = "Examples (values in clear; the call encrypts and signs them):
  map call --list
  export MAP_APP_KEY=…                  or --app-key-file FILE
  map call /gw/offline/get_account_info --app zjhtwallet consumerId=13912345678 \\
      sellerId=SH12345 storeId=ST12345 terminalId=ZJ000001 operatorId=z batchNo=1 terminalOrderId=1
  map call /gw/offline/pay --app zjhtwallet --app-key-file app.key --rsa-key app.pem --json payment.json
  map call /front/offline/pay_undo --print-curl sellerId=…

Exit codes: 0 errcode 0, 1 a documented failure or no answer (standard error says which), 2 wrong arguments.")]
pub(crate) struct CallArgs {
    /// The call, by path or name: /gw/offline/pay, gw.offline.pay or gw_pay
    #[arg(value_name = "ENDPOINT", required_unless_present = "list")]
    pub(crate) endpoint: Option<String>,
    /// The request's fields, as the document names them
    #[arg(value_name = "FIELD=VALUE")]
    pub(crate) fields: Vec<String>,
    /// The request's fields as a JSON object in a file; - reads standard input
    #[arg(long, value_name = "FILE", conflicts_with = "fields")]
    pub(crate) json: Option<PathBuf>,
    /// The gateway
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub(crate) url: String,
    /// The app that calls
    #[arg(long, value_name = "ID", default_value = "")]
    pub(crate) app: String,
    /// The app's shared key. A key in the environment or a file is seen by fewer eyes
    #[arg(long, value_name = "KEY", env = "MAP_APP_KEY", hide_env_values = true)]
    pub(crate) app_key: Option<String>,
    /// File with the app's shared key; it wins over MAP_APP_KEY
    #[arg(long, value_name = "FILE")]
    pub(crate) app_key_file: Option<PathBuf>,
    /// The app's RSA private key (PKCS#8 PEM), for calls that carry `tsig`
    #[arg(long, value_name = "FILE")]
    pub(crate) rsa_key: Option<PathBuf>,
    /// The algorithm of `tsig`: sha1, sha256 or md5
    #[arg(long, value_name = "NAME", default_value = "sha1", value_parser = ["sha1", "sha256", "md5"])]
    pub(crate) tsig: String,
    /// The POS network's key of PIN blocks in hex; without it an app's payment code is encrypted under the app's key
    #[arg(long, value_name = "HEX")]
    pub(crate) posp_key: Option<String>,
    /// The mobile number of the account's owner for PIN blocks; default: consumerId
    #[arg(long, value_name = "NUMBER")]
    pub(crate) pin_account: Option<String>,
    /// Prints a curl command instead of sending
    #[arg(long)]
    pub(crate) print_curl: bool,
    /// Lists the documented calls with their fields
    #[arg(long)]
    pub(crate) list: bool,
}

/// `map key`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  map key                               provision the hash, give the key to the caller
  map key --of-stdin < key              the hash of a key that exists")]
pub(crate) struct KeyArgs {
    /// Prints the hash of the key on standard input instead of making one
    #[arg(long)]
    pub(crate) of_stdin: bool,
}

/// What a benchmark does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BenchMode {
    /// Payments of all customers, as many as are answered
    Spread,
    /// The same at a fixed pace, half of what spread reached
    Half,
    /// Payments of one customer by all callers
    Hot,
    /// In the end the server is killed, and another started in its place
    Restart,
}

/// `map bench`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  map bench                             both doors, 1, 8 and 64 callers, 10,000 customers
  map bench --mode spread,half,hot,restart --in-flight 64
  map bench --data /tmp/million --customers 1000000 --door grpc --in-flight 64 --json
  map bench --set store.cache_bytes=536870912

The server runs in a process of its own, on free ports on loopback, with the defaults and --set.
The load shares its processors; both costs are shown. Signatures are made before the clock starts.")]
pub(crate) struct BenchArgs {
    /// What is measured
    #[arg(long, value_delimiter = ',', value_enum, default_value = "spread")]
    pub(crate) mode: Vec<BenchMode>,
    /// Through which doors
    #[arg(long, value_delimiter = ',', value_enum, default_value = "grpc,legacy")]
    pub(crate) door: Vec<DoorName>,
    /// Callers; each has one payment under way at most
    #[arg(long, value_name = "N", value_delimiter = ',', default_value = "1,8,64")]
    pub(crate) in_flight: Vec<usize>,
    /// HTTP/2 connections of all callers together. JSON callers have one each
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(crate) connections: usize,
    /// How long a run is measured
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) seconds: u64,
    /// Payments of a run, at most. Default: no limit over gRPC; 20000 signed ones
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<u64>,
    /// Payments a second in mode half. Default: half of what spread reached
    #[arg(long, value_name = "N")]
    pub(crate) pace: Option<u64>,
    /// Customers. Default 10000, or as many as the folder has
    #[arg(long, value_name = "N")]
    pub(crate) customers: Option<u64>,
    /// Keeps the ledger in this folder, or uses it again. Default: a temporary folder
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Who pays how much is drawn from this number
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Leaves out the check of the ledger in the end
    #[arg(long)]
    pub(crate) skip_check: bool,
    /// Prints one JSON document
    #[arg(long)]
    pub(crate) json: bool,
}
