//! Aligned tables.

use std::fmt;

/// To which side a column's cells lean: numbers to the right, names to the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lean {
    Left,
    Right,
}

/// Rows under a headline. Prints nothing for no rows but the headline.
#[derive(Debug)]
pub struct Table {
    columns: Vec<(&'static str, Lean)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new<const N: usize>(columns: [(&'static str, Lean); N]) -> Table {
        Table { columns: columns.into(), rows: Vec::new() }
    }

    /// A row; a cell too few is empty.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.into());
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| shown(cell));
        cells.chain([self.columns[column].0.len()]).max().unwrap_or_default()
    }

    fn line(&self, cell: impl Fn(usize) -> String, widths: &[usize]) -> String {
        let padded = self.columns.iter().enumerate().map(|(at, (_, lean))| {
            let cell = cell(at);
            let pad = " ".repeat(widths[at].saturating_sub(shown(&cell)));
            if *lean == Lean::Right { format!("{pad}{cell}") } else { format!("{cell}{pad}") }
        });
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths: Vec<usize> = (0..self.columns.len()).map(|at| self.width(at)).collect();
        f.write_str(&self.line(|at| self.columns[at].0.to_owned(), &widths))?;
        for row in &self.rows {
            let line = self.line(|at| row.get(at).cloned().unwrap_or_default(), &widths);
            write!(f, "\n{line}")?;
        }
        Ok(())
    }
}

/// How wide a cell is on the screen: colours take no room.
fn shown(cell: &str) -> usize {
    let mut width = 0;
    let mut rest = cell.chars();
    while let Some(c) = rest.next() {
        if c == '\x1b' {
            rest.by_ref().take_while(|c| *c != 'm').for_each(drop);
        } else {
            width += 1;
        }
    }
    width
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
