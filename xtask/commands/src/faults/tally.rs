//! What clients got, counted.

use std::ops::AddAssign;

/// What one request got.
pub(super) enum Got {
    /// A text of a time when nothing was broken, from its first to its last byte.
    Whole,
    /// No connection, or a reset: the client knows that it got nothing.
    Lost,
    /// A text that is none of those, and looks like a whole one.
    Torn,
    /// Nothing, which looks like an empty file.
    Empty,
}

/// How many requests got what.
#[derive(Default, Clone, Copy)]
pub(super) struct Tally {
    pub(super) whole: usize,
    pub(super) lost: usize,
    pub(super) torn: usize,
    pub(super) empty: usize,
}

impl Tally {
    pub(super) fn count(&mut self, got: &Got) {
        match got {
            Got::Whole => self.whole += 1,
            Got::Lost => self.lost += 1,
            Got::Torn => self.torn += 1,
            Got::Empty => self.empty += 1,
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.whole += other.whole;
        self.lost += other.lost;
        self.torn += other.torn;
        self.empty += other.empty;
    }
}
