//! The rank of a value among the last ones.

use serde::{Deserialize, Serialize};

/// No node.
const NONE: u32 = u32::MAX;

/// The rank of the newest of the last `len` values, from -1 to 1: a search tree over a ring, in time logarithmic in its
/// length.
///
/// The tree is a treap (Seidel and Aragon, 1996, "Randomized search trees"): node `i` is the value in place `i` of the ring,
/// and its priority is a hash of `i`, so that the same values always make the same tree.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::features) struct RollingRank {
    ring: Box<[f64]>,
    at: usize,
    root: u32,
    /// Left child, right child, and nodes in the tree below and with it.
    nodes: Box<[(u32, u32, u32)]>,
}

impl RollingRank {
    pub(in crate::features) fn new(len: u32) -> Self {
        let len = len.max(1) as usize;
        Self {
            ring: vec![0.0; len].into_boxed_slice(),
            at: 0,
            root: NONE,
            nodes: vec![(NONE, NONE, 0); len].into_boxed_slice(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.ring.len()
    }

    /// Takes the next value, a number; NaN until there are enough of them.
    pub(in crate::features) fn update(&mut self, value: f64) -> f64 {
        let (n, slot) = (self.ring.len(), self.at as u32);
        if self.size(self.root) as usize == n {
            self.root = self.without(self.root, slot);
        }
        self.ring[self.at] = value;
        self.nodes[self.at] = (NONE, NONE, 1);
        self.root = self.with(self.root, slot);
        self.at = if self.at + 1 == n { 0 } else { self.at + 1 };
        if (self.size(self.root) as usize) < n {
            return f64::NAN;
        }
        let (below, not_above) = (self.count(|other| other < value), self.count(|other| other <= value));
        // Among equals, the mean: this value itself is one of them.
        let rank = f64::from(below) + 0.5 * f64::from(not_above - below - 1);
        2.0 * rank / (n.max(2) - 1) as f64 - 1.0
    }

    /// How many values hold; those that do are the smallest.
    fn count(&self, holds: impl Fn(f64) -> bool) -> u32 {
        let (mut at, mut count) = (self.root, 0);
        while at != NONE {
            let (left, right, _) = self.nodes[at as usize];
            if holds(self.ring[at as usize]) {
                count += self.size(left) + 1;
                at = right;
            } else {
                at = left;
            }
        }
        count
    }

    fn size(&self, at: u32) -> u32 {
        self.nodes.get(at as usize).map_or(0, |node| node.2)
    }

    fn is_before(&self, a: u32, b: u32) -> bool {
        let (x, y) = (self.ring[a as usize], self.ring[b as usize]);
        x < y || (x == y && a < b)
    }

    fn set(&mut self, at: u32, left: u32, right: u32) -> u32 {
        self.nodes[at as usize] = (left, right, 1 + self.size(left) + self.size(right));
        at
    }

    /// The tree `at` with a node.
    fn with(&mut self, at: u32, node: u32) -> u32 {
        if at == NONE || priority(node) > priority(at) {
            let (left, right) = self.split(at, node);
            return self.set(node, left, right);
        }
        let (left, right, _) = self.nodes[at as usize];
        if self.is_before(node, at) {
            let left = self.with(left, node);
            return self.set(at, left, right);
        }
        let right = self.with(right, node);
        self.set(at, left, right)
    }

    /// The tree `at` without a node of it.
    fn without(&mut self, at: u32, node: u32) -> u32 {
        let (left, right, _) = self.nodes[at as usize];
        if at == node {
            return self.join(left, right);
        }
        if self.is_before(node, at) {
            let left = self.without(left, node);
            return self.set(at, left, right);
        }
        let right = self.without(right, node);
        self.set(at, left, right)
    }

    /// What of the tree `at` comes before a node, and what behind it.
    fn split(&mut self, at: u32, node: u32) -> (u32, u32) {
        if at == NONE {
            return (NONE, NONE);
        }
        let (left, right, _) = self.nodes[at as usize];
        if self.is_before(at, node) {
            let (between, behind) = self.split(right, node);
            return (self.set(at, left, between), behind);
        }
        let (before, between) = self.split(left, node);
        (before, self.set(at, between, right))
    }

    /// One tree of two, all of the first before all of the second.
    fn join(&mut self, a: u32, b: u32) -> u32 {
        if a == NONE || b == NONE {
            return a.min(b);
        }
        if priority(a) > priority(b) {
            let (left, right, _) = self.nodes[a as usize];
            let right = self.join(right, b);
            return self.set(a, left, right);
        }
        let (left, right, _) = self.nodes[b as usize];
        let left = self.join(a, left);
        self.set(b, left, right)
    }
}

/// The finaliser of MurmurHash3 (Appleby): it maps 32 bits to 32 bits one to one, so that no two nodes are equal.
fn priority(slot: u32) -> u32 {
    let mut hash = slot.wrapping_add(1);
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}
