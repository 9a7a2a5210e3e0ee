//! Configuration: defaults, then the file, then the environment, then flags; each overrides
//! the one before. Unknown keys are refused with a suggestion.

mod layers;
mod suggest;

pub(crate) use layers::{Layers, load};
pub(crate) use suggest::friendly_toml_error;
