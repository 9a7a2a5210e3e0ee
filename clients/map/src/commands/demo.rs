//! `map demo`: the story.

use crate::cli::DemoArgs;
use crate::outcome::Stop;
use crate::story;

pub(super) async fn run(args: &DemoArgs) -> Result<(), Stop> {
    story::play(args.keep.as_deref(), args.serve).await
}
