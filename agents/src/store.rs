//! Policies as bytes: one safetensors file whose metadata holds a JSON header.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Write as _;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use tradepit_envs::Space;

use crate::normalise::Moments;
use crate::policy::Policy;
use crate::{Error, Result};

const KEY: &str = "tradepit";
const VERSION: u32 = 1;

/// What the header of a file says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Header {
    format: u32,
    observation_space: Space,
    action_space: Space,
    hidden: Vec<usize>,
    normaliser: Option<Moments>,
    spec: Option<String>,
    extra: BTreeMap<String, String>,
    /// What an algorithm needs to go on learning.
    pub(crate) trainer: Option<serde_json::Value>,
}

/// Named tensors on their way into a file.
pub(crate) type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

pub(crate) fn format_error(error: impl std::fmt::Display) -> Error {
    Error::Format(error.to_string())
}

fn actor_tensors(policy: &Policy, tensors: &mut Tensors) {
    net_tensors("actor", &policy.net, &policy.params, tensors);
    let log_stds = &policy.params[policy.net.parameters()..];
    if !log_stds.is_empty() {
        tensors.insert("log_std".into(), (vec![log_stds.len()], log_stds.to_vec()));
    }
}

/// Layer by layer as torch names and shapes them, so that other tools can read the weights.
pub(crate) fn net_tensors(prefix: &str, net: &crate::nn::Mlp, params: &[f32], tensors: &mut Tensors) {
    let mut torch = vec![0.0; net.parameters()];
    net.to_torch(params, &mut torch);
    for (index, layer) in net.layers().enumerate() {
        let (weight, bias) = layer.split(&torch);
        tensors.insert(format!("{prefix}.{index}.weight"), (vec![layer.outputs, layer.inputs], weight.to_vec()));
        tensors.insert(format!("{prefix}.{index}.bias"), (vec![layer.outputs], bias.to_vec()));
    }
}

pub(crate) fn read_net(prefix: &str, net: &crate::nn::Mlp, file: &SafeTensors<'_>, params: &mut [f32]) -> Result<()> {
    let mut torch = vec![0.0; net.parameters()];
    for (index, layer) in net.layers().enumerate() {
        let (weight, bias) = layer.split_mut(&mut torch);
        read_into(file, &format!("{prefix}.{index}.weight"), weight)?;
        read_into(file, &format!("{prefix}.{index}.bias"), bias)?;
    }
    net.from_torch(&torch, params);
    Ok(())
}

pub(crate) fn read_into(file: &SafeTensors<'_>, name: &str, out: &mut [f32]) -> Result<()> {
    let values = read(file, name)?;
    if values.len() != out.len() {
        return Err(Error::Format(format!("tensor {name} has {} values, expected {}", values.len(), out.len())));
    }
    out.copy_from_slice(&values);
    Ok(())
}

pub(crate) fn read(file: &SafeTensors<'_>, name: &str) -> Result<Vec<f32>> {
    let tensor = file.tensor(name).map_err(format_error)?;
    if tensor.dtype() != Dtype::F32 {
        return Err(Error::Format(format!("tensor {name} is {:?}, expected F32", tensor.dtype())));
    }
    let (numbers, _) = tensor.data().as_chunks::<4>();
    let values: Vec<f32> = numbers.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
    match values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(Error::Format(format!("tensor {name} holds {value}"))),
        None => Ok(values),
    }
}

pub(crate) fn write(policy: &Policy, trainer: Option<serde_json::Value>, mut tensors: Tensors) -> Result<Vec<u8>> {
    actor_tensors(policy, &mut tensors);
    let header = Header {
        format: VERSION,
        observation_space: policy.observation_space.clone(),
        action_space: policy.action_space.clone(),
        hidden: policy.hidden.clone(),
        normaliser: policy.normaliser.as_ref().map(|normaliser| normaliser.moments.clone()),
        spec: policy.spec.clone(),
        extra: policy.extra.clone(),
        trainer,
    };
    let json = serde_json::to_string(&header).map_err(format_error)?;
    let bytes: Vec<(&String, Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(name, (shape, values))| {
            (name, shape.clone(), values.iter().flat_map(|value| value.to_le_bytes()).collect())
        })
        .collect();
    let views = bytes
        .iter()
        .map(|(name, shape, bytes)| {
            Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes).map_err(format_error)?))
        })
        .collect::<Result<Vec<_>>>()?;
    safetensors::serialize(views, Some(HashMap::from([(KEY.to_owned(), json)]))).map_err(format_error)
}

/// The policy, the rest of the header, and the tensors.
pub(crate) fn parse(bytes: &[u8]) -> Result<(Policy, Header, SafeTensors<'_>)> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(format_error)?;
    let json = metadata.metadata().as_ref().and_then(|all| all.get(KEY));
    let json = json.ok_or_else(|| Error::Format(format!("the file has no `{KEY}` header")))?;
    // The version first: a later format may have fields that this one cannot parse.
    let version = serde_json::from_str::<serde_json::Value>(json).map_err(format_error)?["format"].as_u64();
    if version != Some(u64::from(VERSION)) {
        let found = version.map_or("none".to_owned(), |version| version.to_string());
        return Err(Error::Format(format!("format {found}, this version reads {VERSION}")));
    }
    let mut header: Header = serde_json::from_str(json).map_err(format_error)?;
    let file = SafeTensors::deserialize(bytes).map_err(format_error)?;
    // Before networks are made: no room for weights that the file cannot hold.
    let (action, observation) = (
        match header.action_space {
            Space::Box { len, .. } => len,
            ref choices => {
                choices.choices().iter().try_fold(0usize, |sum, n| sum.checked_add(*n)).unwrap_or(usize::MAX)
            }
        },
        header.observation_space.len(),
    );
    let widths = [&[observation], &header.hidden[..], &[action]].concat();
    let weights = widths.windows(2).try_fold(0usize, |sum, pair| sum.checked_add(pair[0].checked_mul(pair[1])?));
    if weights.is_none_or(|weights| weights > bytes.len() / 4) {
        return Err(Error::Format(format!("networks of widths {widths:?} do not fit into {} bytes", bytes.len())));
    }
    let mut policy = Policy::new(&header.observation_space, &header.action_space, &header.hidden, 0)?;
    read_net("actor", &policy.net, &file, &mut policy.params)?;
    if policy.head.log_stds() > 0 {
        let start = policy.net.parameters();
        read_into(&file, "log_std", &mut policy.params[start..])?;
    }
    if let Some(moments) = header.normaliser.take() {
        policy.set_normaliser(moments)?;
    }
    policy.spec = header.spec.take();
    policy.extra = std::mem::take(&mut header.extra);
    Ok((policy, header, file))
}

/// Writes beside the target, then renames: whoever reads sees the old file or the new one, never half of it.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    let fail = |source| Error::File { path: path.display().to_string(), source };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = path.with_file_name(name);
    let written = fs::File::create(&beside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // Best effort: the error that matters is the first one.
        let _ = fs::remove_file(&beside);
    }
    written.map_err(fail)
}

pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|source| Error::File { path: path.display().to_string(), source })
}

impl Policy {
    /// The policy as the bytes of a safetensors file.
    ///
    /// # Errors
    /// When the header grows beyond what the format allows.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        write(self, None, Tensors::new())
    }

    /// The policy within bytes from [`Policy::to_bytes`] or from a trainer's.
    ///
    /// # Errors
    /// When the bytes are something else, damaged, or of a later format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        Ok(parse(bytes)?.0)
    }

    /// Saves to one safetensors file, replacing it whole.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write_file(path.as_ref(), &self.to_bytes()?)
    }

    /// Loads a file that a policy or a trainer saved.
    ///
    /// # Errors
    /// When the file cannot be read or holds something else.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::from_bytes(&read_file(path.as_ref())?)
    }
}
