//! The operator of an exchange under load: snapshots at moments that nobody chose.

use hoga_proto::v1::TakeSnapshotRequest;
use hoga_proto::v1::admin_service_client::AdminServiceClient;
use std::time::Duration;
use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Request, Status};

/// Has snapshots of all partitions taken, again and again, until the exchange is gone. How often
/// it heard that they are on disk.
pub async fn snapshots(channel: Channel, after: Duration) -> u64 {
    // When the first one begins; nobody waits for it.
    tokio::time::sleep(after).await;
    let token = |mut request: Request<()>| -> Result<Request<()>, Status> {
        let bearer = MetadataValue::from_static("Bearer dev:operator");
        request.metadata_mut().insert("authorization", bearer);
        Ok(request)
    };
    let mut admin = AdminServiceClient::with_interceptor(channel, token);
    let mut taken = 0;
    // The exchange is killed while one is under way, or between two.
    while admin.take_snapshot(TakeSnapshotRequest::default()).await.is_ok() {
        taken += 1;
    }
    taken
}
