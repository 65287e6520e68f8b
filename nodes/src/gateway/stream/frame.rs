//! Frames as bytes. What an event comes to on the wire is encoded once and shared by all who
//! follow its topic; a frame only puts a head before it.

use bytes::{BufMut, Bytes, BytesMut};
use hoga_proto::v1;
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};
use std::marker::PhantomData;
use tonic::Status;
use tonic::codec::{BufferSettings, Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// Numbers of fields in the `.proto`, where frames are put together by hand. A test reads frames
/// back with the generated types.
const FRAME_OF_RESPONSE: u32 = 1;
const SNAPSHOT_OF_FRAME: u32 = 6;
const DELTA_OF_FRAME: u32 = 7;
const CONTENT_OF_BOTH: u32 = 5;

/// The content of a frame: the field of `Content` that its channel has, and the parts of that
/// field's message. Parts of one message follow each other as they are: what is repeated in it
/// adds up.
pub struct Body<'a> {
    pub field: u32,
    pub parts: &'a [Bytes],
}

impl Body<'_> {
    fn inner_len(&self) -> usize {
        self.parts.iter().map(Bytes::len).sum()
    }

    fn content_len(&self) -> usize {
        len_of_field(self.field, self.inner_len())
    }

    /// Bytes that it takes as a field of a snapshot or delta.
    fn len(&self) -> usize {
        len_of_field(CONTENT_OF_BOTH, self.content_len())
    }

    fn write(&self, to: &mut BytesMut) {
        open_field(CONTENT_OF_BOTH, self.content_len(), to);
        open_field(self.field, self.inner_len(), to);
        self.parts.iter().for_each(|part| to.put_slice(part));
    }
}

fn len_of_field(field: u32, len: usize) -> usize {
    key_len(field) + encoded_len_varint(len as u64) + len
}

fn open_field(field: u32, len: usize, to: &mut BytesMut) {
    encode_key(field, WireType::LengthDelimited, to);
    encode_varint(len as u64, to);
}

/// A delta; its own `content` is left out.
#[must_use]
pub fn delta(head: &v1::Delta, body: &Body<'_>) -> Bytes {
    whole(DELTA_OF_FRAME, head, body)
}

/// A snapshot; its own `content` is left out.
#[must_use]
pub fn snapshot(head: &v1::Snapshot, body: &Body<'_>) -> Bytes {
    whole(SNAPSHOT_OF_FRAME, head, body)
}

fn whole(field: u32, head: &impl Message, body: &Body<'_>) -> Bytes {
    let len = head.encoded_len() + body.len();
    let frame_len = len_of_field(field, len);
    let mut bytes = BytesMut::with_capacity(len_of_field(FRAME_OF_RESPONSE, frame_len));
    open_field(FRAME_OF_RESPONSE, frame_len, &mut bytes);
    open_field(field, len, &mut bytes);
    head.encode_raw(&mut bytes);
    body.write(&mut bytes);
    bytes.freeze()
}

/// Any other frame.
#[must_use]
pub fn plain(tag: u64, frame: v1::server_frame::Frame) -> Bytes {
    let frame = Some(v1::ServerFrame { tag, frame: Some(frame) });
    v1::StreamResponse { frame }.encode_to_vec().into()
}

/// Reads messages and writes frames as they are. Both methods' responses have the same form.
pub struct Frames<M>(PhantomData<M>);

impl<M> Default for Frames<M> {
    fn default() -> Self {
        Frames(PhantomData)
    }
}

impl<M: Message + Default + 'static> Codec for Frames<M> {
    type Encode = Bytes;
    type Decode = M;
    type Encoder = Writes;
    type Decoder = Reads<M>;

    fn encoder(&mut self) -> Writes {
        Writes
    }

    fn decoder(&mut self) -> Reads<M> {
        Reads(PhantomData)
    }
}

/// Writes bytes.
pub struct Writes;

/// A frame is small, and there may be many thousands of streams.
const BUFFER_BYTES: usize = 1024;
/// Frames that go out in one write.
const WRITE_BYTES: usize = 32 * 1024;

impl Encoder for Writes {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&item);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(BUFFER_BYTES, WRITE_BYTES)
    }
}

/// Reads messages.
pub struct Reads<M>(PhantomData<M>);

impl<M: Message + Default> Decoder for Reads<M> {
    type Item = M;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<M>, Status> {
        M::decode(from).map(Some).map_err(|error| Status::internal(error.to_string()))
    }
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
