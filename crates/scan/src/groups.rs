//! Groups of things that touch each other: a disjoint-set forest.

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
