//! The state of a pipeline as bytes.
//!
//! They are written by postcard, whose format is specified and keeps every bit of a number, NaN too, which JSON can't.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Aggregator, normalise::Normaliser, pipeline::FeaturePipeline, timeframe::Built};
use crate::{Error, Result};

/// What the bytes begin with.
const MAGIC: &[u8; 8] = b"features";
/// A state is only good for the build that wrote it: what is in it is no promise.
const BUILD: &str = env!("CARGO_PKG_VERSION");

/// What a pipeline of the same specification, over the same kind of market, is not made with.
#[derive(Serialize, Deserialize)]
struct Saved {
    build: String,
    hash: String,
    market: String,
    clipped: u64,
    timeframes: Vec<Vec<Built>>,
    nodes: Vec<SavedNode>,
}

#[derive(Serialize, Deserialize)]
struct SavedNode {
    value: f64,
    indicator: Vec<u8>,
    normaliser: Option<Normaliser>,
}

impl FeaturePipeline {
    /// All that the pipeline remembers, as bytes: a later process goes on from them ([`restore`](Self::restore)).
    ///
    /// # Errors
    /// When a user's indicator can't be saved.
    pub fn save(&self) -> Result<Vec<u8>> {
        let nodes = self.nodes.iter().map(|node| {
            let normaliser = node.normaliser.clone();
            Ok(SavedNode { value: node.value, indicator: node.source.save()?, normaliser })
        });
        let body = write(&Saved {
            build: BUILD.to_owned(),
            hash: self.hash.clone(),
            market: self.market.clone(),
            clipped: self.clipped,
            timeframes: self
                .timeframes
                .iter()
                .map(|timeframe| timeframe.aggregators.iter().map(Aggregator::built).collect())
                .collect(),
            nodes: nodes.collect::<Result<_>>()?,
        })?;
        Ok([MAGIC.as_slice(), &fnv(&body).to_le_bytes(), &body].concat())
    }

    /// The pipeline, as new, with the state that [`save`](Self::save) gave: it goes on to the same bits as one that never
    /// stopped.
    ///
    /// ```
    /// use tradepit::{features::{FeaturePipeline, FeaturePipelineSpec}, market::synth};
    /// let data = synth::es_1m(300, 0).unwrap();
    /// let (spec, rsi) = (FeaturePipelineSpec::default(), r#"{"features": [{"kind": "rsi"}]}"#);
    /// let cold = |spec: &FeaturePipelineSpec| FeaturePipeline::for_data(spec, &data).unwrap();
    /// let (mut first, mut row) = (cold(&spec), [0.0; 16]);
    /// data.bars()[..299].iter().for_each(|bar| first.update(std::slice::from_ref(bar), &[], &mut row));
    /// let saved = first.save().unwrap();
    /// let mut second = cold(&spec).restore(&saved).unwrap();
    /// second.update(&data.bars()[299..], &[], &mut row);
    /// assert!(row.iter().all(|x| x.is_finite()));
    /// let other = cold(&serde_json::from_str(rsi).unwrap()).restore(&saved).unwrap_err().to_string();
    /// assert!(other.contains(&spec.hash()), "both hashes are shown: {other}");
    /// ```
    ///
    /// # Errors
    /// When the state is of another specification, another market or another version of this crate (both are shown), or
    /// the bytes are damaged. A checksum finds what went wrong on the way, not what was forged.
    pub fn restore(mut self, bytes: &[u8]) -> Result<Self> {
        let saved = open(bytes)?;
        for (what, theirs, ours) in [
            ("version of tradepit", saved.build.as_str(), BUILD),
            ("hash of the features", &saved.hash, &self.hash),
            ("market", &saved.market, &self.market),
        ] {
            if theirs != ours {
                return Err(refuse(format!(
                    "is of another {what}: {theirs} there, {ours} here; run the pipeline over history instead"
                )));
            }
        }
        let fits =
            |theirs: usize, ours: usize| if theirs == ours { Ok(()) } else { Err(refuse("does not fit".into())) };
        fits(saved.nodes.len(), self.nodes.len())?;
        fits(saved.timeframes.len(), self.timeframes.len())?;
        for (timeframe, aggregators) in self.timeframes.iter_mut().zip(saved.timeframes) {
            fits(aggregators.len(), timeframe.aggregators.len())?;
            timeframe.aggregators.iter_mut().zip(aggregators).for_each(|(own, built)| own.restore(built));
        }
        for (node, saved) in self.nodes.iter_mut().zip(saved.nodes) {
            (node.value, node.normaliser) = (saved.value, saved.normaliser);
            node.source.restore(&saved.indicator)?;
        }
        self.clipped = saved.clipped;
        Ok(self)
    }
}

fn open(bytes: &[u8]) -> Result<Saved> {
    let Some((sum, body)) = bytes.strip_prefix(MAGIC).and_then(|rest| rest.split_first_chunk()) else {
        return Err(refuse(format!("{} bytes are not one; give what save() gave", bytes.len())));
    };
    let (told, found) = (u64::from_le_bytes(*sum), fnv(body));
    if told != found {
        return Err(refuse(format!("is damaged: checksum {found:016x} instead of {told:016x}; use another copy")));
    }
    read(body)
}

/// A value as bytes.
pub(super) fn write(value: &impl Serialize) -> Result<Vec<u8>> {
    postcard::to_allocvec(value).map_err(|error| refuse(format!("can't be written: {error}")))
}

/// The value of all of these bytes.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(refuse(format!("can't be read: {} bytes too many", rest.len()))),
        Err(error) => Err(refuse(format!("can't be read: {error}"))),
    }
}

/// As [`read`], in the memory of `place`: what is a list or a structure in it takes no new memory, as long as none is longer.
/// After an error, it is of no use.
pub(super) fn read_in_place<T: DeserializeOwned>(bytes: &[u8], place: &mut T) -> Result<()> {
    let mut source = postcard::Deserializer::from_bytes(bytes);
    T::deserialize_in_place(&mut source, place).map_err(|error| refuse(format!("can't be read: {error}")))?;
    match source.finalize() {
        Ok([]) => Ok(()),
        Ok(rest) => Err(refuse(format!("can't be read: {} bytes too many", rest.len()))),
        Err(error) => Err(refuse(format!("can't be read: {error}"))),
    }
}

fn refuse(message: String) -> Error {
    Error::spec("saved state of a feature pipeline", message)
}

/// 64-bit FNV-1a (Fowler, Noll and Vo).
pub(super) fn fnv(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}
