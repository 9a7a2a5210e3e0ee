//! Configuration: defaults, then the file, then the environment, then flags; each overrides
//! the one before. Unknown keys are refused with a suggestion.

mod dump;
mod form;
mod layers;
mod schema;
mod settings;
mod suggest;
mod texts;

pub(crate) use dump::dump;
pub(crate) use form::read_form;
pub(crate) use layers::{Layers, check_environment, load};
pub(crate) use settings::{CoreClientConfig, MapConfig, TelemetryConfig};
pub(crate) use suggest::did_you_mean;
