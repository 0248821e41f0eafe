//! Views as rows of text, for csv and for tables.

use serde::Serialize;

/// A view as a row of text.
///
/// The columns are the view's fields under their names on the wire, in a fixed order; new ones come
/// last. A text, number or time is written as it is, nothing known as an empty cell, and a list or map as
/// its JSON.
pub trait Tabular {
    /// The names of the columns.
    const COLUMNS: &'static [&'static str];

    /// The cells, one for each column.
    fn row(&self) -> Vec<String>;
}

/// `value` as the text of a cell.
pub(super) fn cell(value: &impl Serialize) -> String {
    // A view serializes to JSON without an error: its map keys are texts.
    let json = serde_json::to_string(value).unwrap_or_default();
    if json == "null" {
        return String::new();
    }
    match json
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        Some(text) if !text.contains('\\') => text.to_owned(),
        Some(_) => serde_json::from_str(&json).unwrap_or(json),
        None => json,
    }
}

/// Implements [`Tabular`] from the list of fields; a field whose name on the wire is another one is
/// written `wire_name: field`.
macro_rules! tabular {
    ($view:ident { $($column:ident $(: $field:ident)?),+ $(,)? }) => {
        impl $crate::views::Tabular for $view {
            const COLUMNS: &'static [&'static str] =
                &[$($crate::views::table::column_name(stringify!($column))),+];

            fn row(&self) -> Vec<String> {
                vec![$($crate::views::table::cell(
                    &$crate::views::table::field!(self, $column $(, $field)?)
                )),+]
            }
        }
    };
}

/// The field behind a column.
macro_rules! field {
    ($view:ident, $column:ident) => {
        $view.$column
    };
    ($view:ident, $column:ident, $field:ident) => {
        $view.$field
    };
}

/// The name of a column: `r#type` stands for `type`.
pub(super) const fn column_name(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

pub(super) use {field, tabular};
