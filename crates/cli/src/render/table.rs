//! Tables that fit: empty columns are left out, and when it is still too wide the least important ones.

use std::borrow::Cow;

use console::{Alignment, measure_text_width, pad_str};

use super::{Look, Tone};

/// Between two columns.
const GAP: usize = 2;

/// One column of a table.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    title: Cow<'static, str>,
    alignment: Alignment,
    /// The higher, the sooner it is left out; zero never is.
    expendable: u8,
}

impl Column {
    /// A column of texts.
    pub(crate) fn text(title: impl Into<Cow<'static, str>>) -> Self {
        Self {
            title: title.into(),
            alignment: Alignment::Left,
            expendable: 0,
        }
    }

    /// A column of numbers.
    pub(crate) fn number(title: impl Into<Cow<'static, str>>) -> Self {
        Self {
            title: title.into(),
            alignment: Alignment::Right,
            expendable: 0,
        }
    }

    /// The same, left out where there is no room: the highest number first.
    pub(crate) fn expendable(mut self, rank: u8) -> Self {
        self.expendable = rank;
        self
    }
}

/// A cell, coloured by what it means.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// A cell that means nothing special.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self::toned(Tone::Plain, text)
    }

    /// A cell in a tone.
    pub(crate) fn toned(tone: Tone, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            tone,
        }
    }

    /// An empty cell.
    pub(crate) fn empty() -> Self {
        Self::new("")
    }
}

/// A table of rows with as many cells as there are columns.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new(columns: Vec<Column>) -> Self {
        Self {
            columns,
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub(crate) fn push(&mut self, row: Vec<Cell>) {
        self.rows.push(row);
    }

    /// The table as lines, and the titles of the columns for which there was no room.
    pub(crate) fn render(&self, look: Look) -> (String, Vec<&str>) {
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|at| self.width_of(at))
            .collect();
        let (shown, hidden) = self.choose(&widths, look.width);
        let columns: Vec<(usize, &Column, usize)> = shown
            .into_iter()
            .filter_map(|at| Some((at, self.columns.get(at)?, *widths.get(at)?)))
            .collect();
        let line = |cells: &mut dyn Iterator<Item = (String, Tone)>| {
            let parts: Vec<String> = columns
                .iter()
                .zip(cells)
                .map(|((_, column, width), (text, tone))| {
                    let padded = pad_str(&text, *width, column.alignment, None);
                    look.ink.paint(tone, &padded)
                })
                .collect();
            let line = parts.join(&" ".repeat(GAP));
            format!(
                "{}\n",
                if look.ink.is_enabled() {
                    &line
                } else {
                    line.trim_end()
                }
            )
        };
        let titles = columns
            .iter()
            .map(|(_, column, _)| (column.title.to_string(), Tone::Strong));
        let rules = columns
            .iter()
            .map(|(_, _, width)| ("─".repeat(*width), Tone::Quiet));
        let mut text = line(&mut titles.into_iter()) + &line(&mut rules.into_iter());
        for row in &self.rows {
            let cells = columns.iter().map(|(at, _, _)| {
                let cell = row.get(*at);
                cell.map_or((String::new(), Tone::Plain), |cell| {
                    (cell.text.clone(), cell.tone)
                })
            });
            text += &line(&mut cells.into_iter());
        }
        (text, hidden)
    }

    fn width_of(&self, at: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(at));
        let widest = cells
            .map(|cell| measure_text_width(&cell.text))
            .max()
            .unwrap_or_default();
        match (widest, self.columns.get(at)) {
            // Nothing is in it.
            (0, _) | (_, None) => 0,
            (widest, Some(column)) => widest.max(measure_text_width(&column.title)),
        }
    }

    /// The columns that fit, in order, and the titles of those that do not.
    fn choose(&self, widths: &[usize], width: usize) -> (Vec<usize>, Vec<&str>) {
        let mut shown: Vec<usize> = widths
            .iter()
            .enumerate()
            .filter_map(|(at, width)| (*width > 0).then_some(at))
            .collect();
        let mut hidden = Vec::new();
        let needed = |shown: &[usize]| {
            let texts: usize = shown.iter().filter_map(|at| widths.get(*at)).sum();
            texts.saturating_add(shown.len().saturating_sub(1).saturating_mul(GAP))
        };
        while needed(&shown) > width {
            let rank = |at: &usize| self.columns.get(*at).map_or(0, |column| column.expendable);
            let Some(most) = shown
                .iter()
                .copied()
                .max_by_key(rank)
                .filter(|at| rank(at) > 0)
            else {
                break;
            };
            shown.retain(|at| *at != most);
            hidden.extend(self.columns.get(most).map(|column| column.title.as_ref()));
        }
        (shown, hidden)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Ink;
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(vec![
            Column::text("SYMBOL"),
            Column::number("PRICE"),
            Column::text("EMPTY"),
            Column::text("NOTE").expendable(1),
            Column::text("MORE").expendable(2),
        ]);
        for (symbol, price) in [("BTCUSDT", "66 712.7"), ("ETH", "5")] {
            table.push(vec![
                Cell::new(symbol),
                Cell::toned(Tone::Good, price),
                Cell::empty(),
                Cell::new("a note"),
                Cell::new("more"),
            ]);
        }
        table
    }

    fn render(width: usize) -> (String, Vec<String>) {
        let ink = Ink::new(false);
        let table = table();
        let (text, hidden) = table.render(Look { width, ink });
        (text, hidden.into_iter().map(str::to_owned).collect())
    }

    #[test]
    fn numbers_are_right_aligned_and_empty_columns_left_out() {
        let (text, hidden) = render(100);
        assert_eq!(
            text,
            "SYMBOL      PRICE  NOTE    MORE\n\
             ───────  ────────  ──────  ────\n\
             BTCUSDT  66 712.7  a note  more\n\
             ETH             5  a note  more\n"
        );
        assert!(hidden.is_empty());
    }

    #[test]
    fn what_has_no_room_is_named() {
        assert_eq!(render(28).1, ["MORE"]);
        let (text, hidden) = render(10);
        assert_eq!(hidden, ["MORE", "NOTE"]);
        assert!(text.lines().all(|line| measure_text_width(line) <= 17));
    }
}
