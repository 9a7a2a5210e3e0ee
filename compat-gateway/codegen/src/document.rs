//! Comments of the facade protos, which become documentation.

use prost_reflect::FileDescriptor;

/// The leading comment of a descriptor, by its path within the file, as one paragraph.
pub(crate) fn comment(file: &FileDescriptor, path: &[i32]) -> String {
    let info = file.file_descriptor_proto().source_code_info.as_ref();
    let location = info.and_then(|info| info.location.iter().find(|location| location.path == path));
    let text = location
        .and_then(|location| location.leading_comments.as_deref())
        .unwrap_or_default();
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
