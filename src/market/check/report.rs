//! All findings of a check.

use std::{cmp::Ordering, fmt};

use serde::{Deserialize, Serialize};

use super::{Finding, FindingKind, Severity, finding::iso};
use crate::Timestamp;

/// How often something was found.
///
/// ```
/// use tradepit::market::check::{FindingKind, KindCount, Severity};
/// let count = KindCount { kind: FindingKind::Gap, severity: Severity::Doubtful, count: 3 };
/// assert_eq!(serde_json::to_string(&count).unwrap(), r#"{"kind":"gap","severity":"doubtful","count":3}"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindCount {
    /// What was found.
    pub kind: FindingKind,
    /// How bad it is.
    pub severity: Severity,
    /// How often.
    pub count: usize,
}

/// What a check has found.
///
/// ```
/// use tradepit::{Instrument, market::{check::{Checked, FindingKind}, synth}};
/// let mut bars = synth::es_1m(500, 0).unwrap().bars().to_vec();
/// bars.remove(100);
/// let report = Checked::new(&bars).instrument(&Instrument::es()).run().unwrap();
/// assert!(report.is_usable());
/// assert_eq!((report.count(FindingKind::Gap), report.findings[0].row), (1, 100));
/// assert!(report.to_string().contains("gap"));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckReport {
    /// Where the rows came from.
    pub source_name: Option<String>,
    /// How many were read.
    pub rows: usize,
    /// Length of a bar in nanoseconds: the usual step between rows unless it was given; 0 where there is none.
    pub period_ns: i64,
    /// The earliest close.
    #[serde(with = "iso")]
    pub first: Timestamp,
    /// The latest close.
    #[serde(with = "iso")]
    pub last: Timestamp,
    /// How often each kind was found, the worst first.
    pub counts: Vec<KindCount>,
    /// What was found, in the order of rows; of each kind as many as was asked for: the first ones, of gaps the widest.
    pub findings: Vec<Finding>,
}

impl CheckReport {
    /// Whether data can be made of the rows.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.counts.iter().all(|count| count.severity < Severity::Fatal)
    }

    /// The worst that was found.
    #[must_use]
    pub fn worst(&self) -> Option<Severity> {
        self.counts.iter().map(|count| count.severity).max()
    }

    /// How often a kind was found.
    #[must_use]
    pub fn count(&self, kind: FindingKind) -> usize {
        self.counts.iter().filter(|count| count.kind == kind).map(|count| count.count).sum()
    }

    /// The findings of one kind that are shown.
    pub fn of(&self, kind: FindingKind) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.kind == kind)
    }

    /// The first fatal finding as the error that construction gives.
    #[must_use]
    pub fn fault(&self) -> Option<crate::Error> {
        let finding = self.findings.iter().find(|finding| finding.severity == Severity::Fatal)?;
        Some(crate::Error::Data {
            source_name: self.source_name.clone(),
            row: finding.row,
            column: finding.column.clone().unwrap_or_else(|| "time".into()),
            message: finding.message.clone(),
        })
    }
}

/// A page for people: what was read, how often each kind was found, and the first of each.
impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.source_name {
            writeln!(f, "{name}")?;
        }
        let seconds = self.period_ns as f64 / crate::time::SECOND_NS as f64;
        writeln!(f, "{} rows of {seconds} s, {} to {}", self.rows, self.first, self.last)?;
        if self.counts.is_empty() {
            return writeln!(f, "nothing found");
        }
        for KindCount { kind, severity, count } in &self.counts {
            let word = match severity {
                Severity::Fatal => "fatal",
                Severity::Doubtful => "doubtful",
                Severity::Note => "note",
            };
            writeln!(f, "{word:<9}{:<16}{count:>9}", kind.name())?;
            let mut shown = 0;
            for finding in self.of(*kind).filter(|finding| finding.severity == *severity) {
                writeln!(f, "{:>9}{finding}", "")?;
                shown += 1;
            }
            if shown < *count {
                writeln!(f, "{:>9}... and {} more", "", count - shown)?;
            }
        }
        Ok(())
    }
}

/// Counts everything, and keeps the first of each kind, the widest of gaps.
#[derive(Debug)]
pub(super) struct Collector {
    limit: usize,
    counts: Vec<KindCount>,
    findings: Vec<Finding>,
}

impl Collector {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, counts: Vec::new(), findings: Vec::new() }
    }

    pub(super) fn add(&mut self, finding: Finding) {
        let (kind, severity) = (finding.kind, finding.severity);
        let known = self.counts.iter_mut().find(|count| (count.kind, count.severity) == (kind, severity));
        let count = match known {
            Some(known) => {
                known.count += 1;
                known.count
            }
            None => {
                self.counts.push(KindCount { kind, severity, count: 1 });
                1
            }
        };
        if count <= self.limit {
            self.findings.push(finding);
        } else if matches!(kind, FindingKind::Gap | FindingKind::MissingSession) {
            let like = self.findings.iter_mut().filter(|kept| (kept.kind, kept.severity) == (kind, severity));
            if let Some(least) = like.min_by(|a, b| a.value.partial_cmp(&b.value).unwrap_or(Ordering::Equal))
                && least.value < finding.value
            {
                *least = finding;
            }
        }
    }

    /// The counts, the worst first, and the findings by row.
    pub(super) fn finish(mut self) -> (Vec<KindCount>, Vec<Finding>) {
        self.counts.sort_by_key(|count| (std::cmp::Reverse(count.severity), count.kind));
        self.findings.sort_by_key(|finding| (finding.row, finding.kind));
        (self.counts, self.findings)
    }
}
