//! Bytes of what is derived and disposable: one frozen configuration, and every byte accounted for.
//!
//! Nothing here outlives a change of these types: whoever stores such bytes stores a version with
//! them, and throws them away when it is not the current one.

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The most bytes one value may claim.
const VALUE_BYTES_MAX: usize = 1 << 30;

const CODEC: Configuration<LittleEndian, Varint, Limit<VALUE_BYTES_MAX>> =
    bincode::config::standard().with_limit::<VALUE_BYTES_MAX>();

/// The bytes cannot be what they should be.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CodecError {
    #[error("the value cannot be encoded")]
    Encode(#[from] bincode::error::EncodeError),
    #[error("the bytes are no such value")]
    Decode(#[from] bincode::error::DecodeError),
    #[error("{0} bytes are left over")]
    Trailing(usize),
}

pub(crate) fn encode(value: &impl Serialize) -> Result<Vec<u8>, CodecError> {
    Ok(bincode::serde::encode_to_vec(value, CODEC)?)
}

/// Encodes in place of what `buffer` held, so that many values need one allocation.
pub(crate) fn encode_into(buffer: &mut Vec<u8>, value: &impl Serialize) -> Result<(), CodecError> {
    buffer.clear();
    bincode::serde::encode_into_std_write(value, buffer, CODEC)?;
    Ok(())
}

pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    let (value, read) = bincode::serde::decode_from_slice(bytes, CODEC)?;
    match bytes.len().saturating_sub(read) {
        0 => Ok(value),
        left => Err(CodecError::Trailing(left)),
    }
}
