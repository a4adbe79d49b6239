//! Groups of things that touch each other: a disjoint-set forest.

use crate::bits::Run;

#[derive(Debug, Clone, Default)]
pub(crate) struct Groups {
    above: Vec<usize>,
}

impl Groups {
    pub(crate) fn add(&mut self) -> usize {
        self.above.push(self.above.len());
        self.above.len() - 1
    }

    /// The first member of its group.
    pub(crate) fn of(&mut self, mut index: usize) -> usize {
        while let Some(&above) = self.above.get(index).filter(|above| **above != index) {
            let root = self.above.get(above).copied().unwrap_or(above);
            if let Some(above) = self.above.get_mut(index) {
                *above = root;
            }
            index = root;
        }
        index
    }

    pub(crate) fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.of(one), self.of(other));
        if let Some(above) = self.above.get_mut(one.max(other)) {
            *above = one.min(other);
        }
    }
}

/// The runs of each row, with their rows, and the groups of those that touch runs of the row above, corners too; none
/// if there are more than `most`.
pub(crate) fn touching(
    height: usize,
    most: usize,
    runs: impl Fn(usize) -> Vec<Run>,
) -> Option<(Vec<(usize, Run)>, Groups)> {
    let (mut groups, mut found) = (Groups::default(), Vec::new());
    let mut above: Vec<(usize, Run)> = Vec::new();
    for y in 0..height {
        let mut here = Vec::new();
        let mut first = 0;
        for run in runs(y) {
            let index = groups.add();
            found.push((y, run));
            while above.get(first).is_some_and(|(_, other)| other.to < run.from) {
                first += 1;
            }
            for (other, before) in above.iter().skip(first) {
                if before.from > run.to {
                    break;
                }
                groups.join(*other, index);
            }
            here.push((index, run));
        }
        if found.len() > most {
            return None;
        }
        above = here;
    }
    Some((found, groups))
}
