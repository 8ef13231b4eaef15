//! The last values in order.

use serde::{Deserialize, Serialize};

use crate::rng;

/// No node.
const NONE: u32 = u32::MAX;

/// The last `len` values, sorted, with the sum of what any part of them is above a value.
///
/// A treap (Seidel and Aragon 1996, "Randomized Search Trees") over the slots of a ring: to take a value in and the oldest
/// one out takes time of the order of the logarithm of `len`. The sum of a part is made anew from those below it, so
/// nothing drifts, and is one of differences, so nothing is lost where prices are large beside their changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SortedWindow {
    nodes: Vec<Node>,
    root: u32,
    at: usize,
    full: bool,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Node {
    value: f64,
    /// Sum of what the values of the tree from here down are above this one.
    above: f64,
    /// How many they are.
    count: u32,
    left: u32,
    right: u32,
}

/// Priorities must not follow the values: a hash of the place in the ring does not.
fn priority(slot: u32) -> u64 {
    rng::mix(u64::from(slot))
}

impl SortedWindow {
    pub(super) fn new(len: u32) -> Self {
        let node = Node { value: 0.0, above: 0.0, count: 0, left: NONE, right: NONE };
        Self { nodes: vec![node; len.max(1) as usize], root: NONE, at: 0, full: false }
    }

    /// Takes a value in, and the oldest one out of a full window; gives how many there are once it is full.
    pub(super) fn update(&mut self, value: f64) -> Option<f64> {
        let slot = self.at as u32;
        if self.full {
            self.root = self.without(self.root, slot);
        }
        self.nodes[self.at] = Node { value, above: 0.0, count: 1, left: NONE, right: NONE };
        let (below, above) = self.split(self.root, slot);
        let below = self.join(below, slot);
        self.root = self.join(below, above);
        self.at += 1;
        if self.at == self.nodes.len() {
            (self.at, self.full) = (0, true);
        }
        self.full.then_some(self.nodes.len() as f64)
    }

    /// The mean: one of the values, and what the mean is above it; (0, 0) of no values.
    pub(super) fn mean(&self) -> (f64, f64) {
        if self.root == NONE {
            return (0.0, 0.0);
        }
        let root = self.nodes[self.root as usize];
        (root.value, root.above / f64::from(root.count))
    }

    /// The sum of what is missing to `value + above` in all of the values that are below it.
    pub(super) fn missing_to(&self, (value, above): (f64, f64)) -> f64 {
        let (mut at, mut sum) = (self.root, 0.0);
        while at != NONE {
            let node = self.nodes[at as usize];
            let missing = (value - node.value) + above;
            if missing > 0.0 {
                sum += missing - self.above(node.left, value) + f64::from(self.count(node.left)) * above;
                at = node.right;
            } else {
                at = node.left;
            }
        }
        sum
    }

    /// How many of the values are below `value`, and how many are equal to it.
    pub(super) fn rank(&self, value: f64) -> (u32, u32) {
        let (below, not_above) = (self.first(|x| x < value), self.first(|x| x <= value));
        (below, not_above - below)
    }

    /// How many values hold; they are the smallest.
    fn first(&self, holds: impl Fn(f64) -> bool) -> u32 {
        let (mut at, mut count) = (self.root, 0);
        while at != NONE {
            let node = self.nodes[at as usize];
            if holds(node.value) {
                count += self.count(node.left) + 1;
                at = node.right;
            } else {
                at = node.left;
            }
        }
        count
    }

    fn count(&self, at: u32) -> u32 {
        if at == NONE { 0 } else { self.nodes[at as usize].count }
    }

    /// Sum of what the values of a tree are above `value`.
    fn above(&self, at: u32, value: f64) -> f64 {
        if at == NONE {
            return 0.0;
        }
        let node = self.nodes[at as usize];
        node.above + f64::from(node.count) * (node.value - value)
    }

    fn retotal(&mut self, at: u32) {
        let Node { value, left, right, .. } = self.nodes[at as usize];
        let above = self.above(left, value) + self.above(right, value);
        let count = self.count(left) + 1 + self.count(right);
        let node = &mut self.nodes[at as usize];
        (node.above, node.count) = (above, count);
    }

    /// Whether a stands before b: by value, and by place in the ring where values are the same.
    fn before(&self, a: u32, b: u32) -> bool {
        let (x, y) = (self.nodes[a as usize].value, self.nodes[b as usize].value);
        x < y || (x == y && a < b)
    }

    /// One tree of two, all of the first before all of the second.
    fn join(&mut self, a: u32, b: u32) -> u32 {
        if a == NONE || b == NONE {
            return if a == NONE { b } else { a };
        }
        if priority(a) > priority(b) {
            self.nodes[a as usize].right = self.join(self.nodes[a as usize].right, b);
            self.retotal(a);
            a
        } else {
            self.nodes[b as usize].left = self.join(a, self.nodes[b as usize].left);
            self.retotal(b);
            b
        }
    }

    /// Two trees of one: what stands before `slot`, and the rest.
    fn split(&mut self, at: u32, slot: u32) -> (u32, u32) {
        if at == NONE {
            return (NONE, NONE);
        }
        let parts = if self.before(at, slot) {
            let (middle, above) = self.split(self.nodes[at as usize].right, slot);
            self.nodes[at as usize].right = middle;
            (at, above)
        } else {
            let (below, middle) = self.split(self.nodes[at as usize].left, slot);
            self.nodes[at as usize].left = middle;
            (below, at)
        };
        self.retotal(at);
        parts
    }

    /// The tree without a slot that is in it.
    fn without(&mut self, at: u32, slot: u32) -> u32 {
        let Node { left, right, .. } = self.nodes[at as usize];
        if at == slot {
            return self.join(left, right);
        }
        if self.before(slot, at) {
            self.nodes[at as usize].left = self.without(left, slot);
        } else {
            self.nodes[at as usize].right = self.without(right, slot);
        }
        self.retotal(at);
        at
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sums_are_those_of_the_window(values in proptest::collection::vec(-9i8..9, 1..150), len in 1u32..40) {
            let values: Vec<f64> = values.into_iter().map(|x| f64::from(x) / 4.0).collect();
            let mut sorted = SortedWindow::new(len);
            for at in 0..values.len() {
                let full = sorted.update(values[at]);
                prop_assert_eq!(full, (at + 1 >= len as usize).then_some(f64::from(len)));
                let window = &values[(at + 1).saturating_sub(len as usize)..=at];
                let (value, above) = sorted.mean();
                let mean = window.iter().sum::<f64>() / window.len() as f64;
                prop_assert!((value + above - mean).abs() < 1e-15, "{value} {above} {mean}");
                for limit in [-3.0, -0.5, 0.0, 0.125, 1.0, 3.0] {
                    let missing: f64 = window.iter().map(|x| (limit - x).max(0.0)).sum();
                    prop_assert_eq!(sorted.missing_to((0.5, limit - 0.5)), missing);
                }
            }
        }
    }

    #[test]
    fn values_in_order_do_not_make_it_deep() {
        let mut sorted = SortedWindow::new(50_000);
        for i in 0..200_000 {
            sorted.update(f64::from(i));
        }
        let mut deepest = 0;
        let mut waiting = vec![(sorted.root, 1)];
        while let Some((at, depth)) = waiting.pop() {
            if at != NONE {
                deepest = deepest.max(depth);
                let node = sorted.nodes[at as usize];
                waiting.extend([(node.left, depth + 1), (node.right, depth + 1)]);
            }
        }
        assert!(deepest < 64, "{deepest}");
    }
}
