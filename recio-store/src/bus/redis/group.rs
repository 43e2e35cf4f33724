//! How a group's reader gets new messages, and sees what the stream lost before any of the group got it.
//!
//! The group's place and what its stream still has are asked for in the transaction that reads, which moves the place. So a loss is seen by exactly one
//! reader, the one whose reading passes over it. Inside a transaction Redis does not block; where nothing came, the reader waits with a command that takes
//! nothing, and reads again.

use super::entries::{EntryCounts, entry_counts};
use super::reader::{BATCH, BLOCK, read_after};
use crate::bus::{EntryId, Family, Group, Policy};
use redis::aio::MultiplexedConnection;
use redis::streams::StreamInfoGroupsReply;
use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult, Value};

/// What one reading brought.
pub(super) struct Read {
    /// As of XREADGROUP.
    pub(super) answer: Value,
    /// Messages went before any of the group got them.
    pub(super) has_forgotten: bool,
    /// Waits until there is something; `None` where something came.
    pub(super) wait: Option<Cmd>,
}

/// Reads new messages of every stream as one of the group.
pub(super) async fn read_as(
    group: &Group,
    streams: &[(Family, String)],
    connection: &mut MultiplexedConnection,
) -> RedisResult<Read> {
    let mut transaction = redis::pipe();
    transaction.atomic();
    for (_, stream) in streams {
        transaction.cmd("XINFO").arg("GROUPS").arg(stream);
        transaction.cmd("XINFO").arg("STREAM").arg(stream);
    }
    transaction.cmd("XREADGROUP").arg("GROUP").arg(&group.name).arg(&group.consumer);
    transaction.arg("COUNT").arg(BATCH).arg("STREAMS");
    for (_, stream) in streams {
        transaction.arg(stream);
    }
    for _ in streams {
        transaction.arg(">");
    }
    let answers: Vec<Value> = transaction.query_async(connection).await?;
    let mut answers = answers.into_iter();
    let (mut places, mut has_forgotten) = (Vec::with_capacity(streams.len()), false);
    for (family, stream) in streams {
        let (Some(groups), Some(counts)) = (answers.next(), answers.next()) else { return Err(incomplete()) };
        let groups = StreamInfoGroupsReply::from_redis_value(groups)?.groups;
        let known = groups.iter().find(|known| known.name == group.name);
        let place: EntryId = known.and_then(|known| known.last_delivered_id.parse().ok()).ok_or_else(incomplete)?;
        // Of market data the newest is all there is to know.
        has_forgotten |= family.policy() == Policy::Kept && is_past(place, &entry_counts(counts));
        places.push((stream.as_str(), place));
    }
    let answer = answers.next().ok_or_else(incomplete)?;
    // What others leave has to be looked for in time.
    let wait = matches!(answer, Value::Nil).then(|| read_after(&places, 1, BLOCK.min(group.claim_after)));
    Ok(Read { answer, has_forgotten, wait })
}

/// Whether entries after the group's place may be gone. A stream loses its oldest: while it has the last one that was delivered, it has all after it.
fn is_past(place: EntryId, stream: &EntryCounts) -> bool {
    let EntryCounts { first: Some(first), length, added } = stream else { return false };
    if place == EntryId::default() {
        // The group was there before the first entry. Servers before Redis 7 do not count, and nothing shows there.
        return added.is_some_and(|added| added > *length);
    }
    place < *first
}

fn incomplete() -> RedisError {
    (ErrorKind::UnexpectedReturnType, "the bus's group is not there any more").into()
}
