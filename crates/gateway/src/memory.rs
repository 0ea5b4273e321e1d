//! The memory of one isolate, as a budget: who holds how many bytes, and who waits for some.
//!
//! In scope: counting, fairness, and how much each use needs. Out of scope: allocating, and waiting itself. A place in the
//! queue is asked again and again instead of being woken: what is released belongs to one Durable Object, what waits for it
//! to another, and a runtime runs nothing of one in the other's event.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use api::Timestamp;

const MIB: u64 = 1024 * 1024;

/// The memory of the module, which `worker/build.rs` links it with.
const MODULE: u64 = 96 * MIB;
/// Stack, constants and what the objects of an isolate keep.
const RESIDENT: u64 = 4 * MIB;
/// Requests and pages that are too small to be counted, and what a heap loses in gaps.
const SMALL_USES: u64 = 10 * MIB;
/// The most that a computation needs besides what is reserved. It never awaits, so there is one at a time however many
/// requests there are. The largest, measured with a counting allocator: reading JSON of 7 MiB takes 2.4 times its bytes
/// beside it when its strings are escaped, since those pass through a buffer that doubles; a letter of 7 MiB of HTML 2.1 times.
const ONE_COMPUTATION: u64 = 22 * MIB;

/// What requests hold while they are read, and until an object has taken them.
pub const RECEIVING: u64 = 18 * MIB;
/// What objects hold of messages that they are storing.
pub const STORING: u64 = 18 * MIB;
/// What deliveries hold.
pub const SENDING: u64 = 24 * MIB;

// A Worker and its objects share one isolate in local workerd, and may do so at Cloudflare.
const _: () = assert!(RESIDENT + SMALL_USES + ONE_COMPUTATION + RECEIVING + STORING + SENDING <= MODULE);

/// Bytes of content that are sealed as one.
pub const CHUNK_BYTES: usize = 1024 * 1024;

/// What is no larger is not counted, so that it is never refused and never waits.
pub const SMALL_BYTES: u64 = 64 * 1024;

/// What a request with a body of that size needs: the body, then the copy that goes to the object.
#[must_use]
pub const fn to_receive(body: u64) -> u64 {
    if body <= SMALL_BYTES { 0 } else { body }
}

/// What a form needs: a part as it grows, at most twice its size, and its base64.
#[must_use]
pub const fn to_receive_form(body: u64) -> u64 {
    to_receive(body).saturating_mul(10) / 3
}

/// What a batch needs: the body, and of one message after the other the copy that goes to the object.
#[must_use]
pub const fn to_receive_batch(body: u64) -> u64 {
    to_receive(body).saturating_mul(2)
}

/// What an object needs to store content: the content, and one chunk as it was sealed and with its envelope.
#[must_use]
pub const fn to_store(content: u64) -> u64 {
    if content <= SMALL_BYTES { 0 } else { content.saturating_add(2 * chunk(content)) }
}

/// What a delivery needs: the content and the letter or request that is made of it, which is as large but for line ends;
/// before that one sealed chunk, opened.
#[must_use]
pub const fn to_send(content: u64) -> u64 {
    if content <= SMALL_BYTES { 0 } else { content.saturating_mul(2).saturating_add(chunk(content)) }
}

const fn chunk(content: u64) -> u64 {
    const CHUNK: u64 = CHUNK_BYTES as u64;
    if content < CHUNK { content } else { CHUNK }
}

/// A part of the budget. A use that needs more than all of it gets all of it, so that the largest message goes when
/// nothing else does.
#[derive(Clone, Debug)]
pub struct MemoryPool(Rc<RefCell<Pool>>);

#[derive(Debug)]
struct Pool {
    limit: u64,
    lease: Duration,
    last_id: u64,
    held: Vec<Entry>,
    waiting: VecDeque<Entry>,
}

/// Bytes that are held or waited for.
#[derive(Clone, Copy, Debug)]
struct Entry {
    id: u64,
    bytes: u64,
    /// When its holder was heard of last.
    seen: Timestamp,
}

/// How long a place in the queue is kept for a holder that is not heard of.
const WAITING_LEASE: Duration = Duration::from_secs(3);

impl MemoryPool {
    /// So many bytes. A runtime abandons what a caller was waiting for when that caller hangs up, without dropping it; so a
    /// share that is not heard of for `lease` no longer counts.
    #[must_use]
    pub fn new(limit: u64, lease: Duration) -> Self {
        let (held, waiting) = (Vec::new(), VecDeque::new());
        Self(Rc::new(RefCell::new(Pool { limit, lease, last_id: 0, held, waiting })))
    }

    /// Takes bytes at once, or none: not when they are in use, nor past those that wait.
    #[must_use]
    pub fn take(&self, bytes: u64, now: Timestamp) -> Option<Share> {
        let mut pool = self.0.borrow_mut();
        pool.forget_the_lost(now);
        let bytes = bytes.min(pool.limit);
        if bytes > 0 && !(pool.waiting.is_empty() && pool.has_room(bytes)) {
            return None;
        }
        let id = pool.next_id();
        pool.held.push(Entry { id, bytes, seen: now });
        drop(pool);
        Some(Share { pool: self.clone(), id })
    }

    /// Waits for bytes, behind those that wait already.
    #[must_use]
    pub fn queue(&self, bytes: u64, now: Timestamp) -> Place {
        let mut pool = self.0.borrow_mut();
        let bytes = bytes.min(pool.limit);
        let id = pool.next_id();
        pool.waiting.push_back(Entry { id, bytes, seen: now });
        drop(pool);
        Place { pool: self.clone(), id }
    }

    /// The bytes that are held.
    #[must_use]
    pub fn in_use(&self) -> u64 {
        self.0.borrow().in_use()
    }
}

impl Pool {
    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    fn in_use(&self) -> u64 {
        self.held.iter().map(|entry| entry.bytes).sum()
    }

    fn has_room(&self, bytes: u64) -> bool {
        self.in_use().saturating_add(bytes) <= self.limit
    }

    fn forget_the_lost(&mut self, now: Timestamp) {
        let is_known = |entry: &Entry, lease: Duration| {
            u128::from(now.since(entry.seen).unsigned_abs()) < lease.as_millis()
        };
        let lease = self.lease;
        self.held.retain(|entry| is_known(entry, lease));
        self.waiting.retain(|entry| is_known(entry, WAITING_LEASE));
    }
}

/// Bytes that are held until this is dropped.
#[derive(Debug)]
pub struct Share {
    pool: MemoryPool,
    id: u64,
}

impl Share {
    /// Holds so many bytes instead; `false`, and nothing changes, when there is no room for more.
    #[must_use]
    pub fn resize(&self, bytes: u64, now: Timestamp) -> bool {
        let mut pool = self.pool.0.borrow_mut();
        let bytes = bytes.min(pool.limit);
        let others: u64 = pool.held.iter().filter(|entry| entry.id != self.id).map(|entry| entry.bytes).sum();
        let limit = pool.limit;
        let Some(own) = pool.held.iter_mut().find(|entry| entry.id == self.id) else { return false };
        if bytes > own.bytes && others.saturating_add(bytes) > limit {
            return false;
        }
        (own.bytes, own.seen) = (bytes, now);
        true
    }

    /// Holds no more than so many bytes from now on.
    pub fn shrink(&self, bytes: u64, now: Timestamp) {
        let mut pool = self.pool.0.borrow_mut();
        if let Some(own) = pool.held.iter_mut().find(|entry| entry.id == self.id) {
            (own.bytes, own.seen) = (own.bytes.min(bytes), now);
        }
    }

    /// Says that the holder is still there; `false` when it was given up already.
    #[must_use]
    pub fn renew(&self, now: Timestamp) -> bool {
        let mut pool = self.pool.0.borrow_mut();
        let own = pool.held.iter_mut().find(|entry| entry.id == self.id);
        own.map(|own| own.seen = now).is_some()
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.pool.0.borrow_mut().held.retain(|entry| entry.id != self.id);
    }
}

/// A place in the queue, which is left by dropping it.
#[derive(Debug)]
pub struct Place {
    pool: MemoryPool,
    id: u64,
}

impl Place {
    /// Takes the bytes, if it is this one's turn and there is room.
    #[must_use]
    pub fn claim(&self, now: Timestamp) -> Option<Share> {
        let mut pool = self.pool.0.borrow_mut();
        if let Some(own) = pool.waiting.iter_mut().find(|entry| entry.id == self.id) {
            own.seen = now;
        }
        pool.forget_the_lost(now);
        let first = *pool.waiting.front().filter(|entry| entry.id == self.id)?;
        if !pool.has_room(first.bytes) {
            return None;
        }
        pool.waiting.pop_front();
        pool.held.push(first);
        drop(pool);
        Some(Share { pool: self.pool.clone(), id: self.id })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.pool.0.borrow_mut().waiting.retain(|entry| entry.id != self.id);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_459_200_000);
    const LEASE: Duration = Duration::from_mins(1);

    fn pool(limit: u64) -> MemoryPool {
        MemoryPool::new(limit, LEASE)
    }

    fn later(milliseconds: i64) -> Timestamp {
        NOW.plus_millis(milliseconds)
    }

    #[test]
    fn what_is_dropped_can_be_taken_again() {
        let pool = pool(10);
        let first = pool.take(6, NOW).unwrap();
        assert!(pool.take(5, NOW).is_none());
        let second = pool.take(4, NOW).unwrap();
        drop(first);
        assert_eq!(pool.in_use(), 4);
        drop((pool.take(6, NOW).unwrap(), second));
        assert_eq!(pool.in_use(), 0);
    }

    #[test]
    fn what_needs_more_than_all_gets_all_when_nothing_else_is_held() {
        let pool = pool(10);
        let small = pool.take(1, NOW).unwrap();
        let large = pool.queue(25, NOW);
        assert!(large.claim(NOW).is_none());
        drop(small);
        let all = large.claim(NOW).unwrap();
        assert_eq!(pool.in_use(), 10);
        assert!(all.resize(30, NOW) && pool.in_use() == 10);
    }

    #[test]
    fn nobody_overtakes_but_what_is_too_small_to_count() {
        let pool = pool(10);
        let held = pool.take(8, NOW).unwrap();
        let (first, second) = (pool.queue(5, NOW), pool.queue(1, NOW));
        assert!(second.claim(NOW).is_none() && pool.take(1, NOW).is_none());
        assert!(pool.take(0, NOW).is_some());
        drop(held);
        let first = first.claim(NOW).unwrap();
        assert!(second.claim(NOW).is_some());
        drop(first);
        assert_eq!(pool.in_use(), 0);
    }

    #[test]
    fn dropped_and_expired_waiters_do_not_block_the_queue() {
        let pool = pool(10);
        let held = pool.take(10, NOW).unwrap();
        let (leaves, lost, next) = (pool.queue(10, NOW), pool.queue(10, NOW), pool.queue(1, NOW));
        drop((leaves, held));
        assert!(next.claim(later(1_000)).is_none());
        assert!(next.claim(later(2_500)).is_none());
        assert!(next.claim(later(3_000)).is_some());
        assert!(lost.claim(later(3_000)).is_none());
    }

    #[test]
    fn a_share_that_is_not_heard_of_no_longer_counts() {
        let pool = pool(10);
        let (lost, renewed) = (pool.take(5, NOW).unwrap(), pool.take(5, NOW).unwrap());
        assert!(renewed.renew(later(59_000)));
        assert!(pool.take(1, later(59_999)).is_none());
        let new = pool.take(5, later(60_000)).unwrap();
        assert!(!lost.renew(later(60_000)) && !lost.resize(1, later(60_000)));
        drop(lost);
        assert_eq!(pool.in_use(), 10, "what was given up is not given back a second time");
        drop((new, renewed));
        // A clock that was set back by hours.
        drop((pool.take(10, NOW).unwrap(), pool.take(0, later(-7_200_000))));
        assert_eq!(pool.in_use(), 0);
    }

    #[test]
    fn a_share_grows_where_there_is_room_and_always_shrinks() {
        let pool = pool(10);
        let (share, other) = (pool.take(2, NOW).unwrap(), pool.take(4, NOW).unwrap());
        assert!(share.resize(6, NOW) && !share.resize(7, NOW));
        assert_eq!(pool.in_use(), 10);
        share.shrink(1, NOW);
        share.shrink(3, NOW);
        assert_eq!(pool.in_use(), 5);
        drop(other);
        assert!(share.resize(10, NOW));
    }

    #[test]
    fn every_documented_size_fits_when_nothing_else_is_held() {
        let size = |bytes: usize| u64::try_from(bytes).unwrap();
        for (needs, limit) in [
            (to_receive(size(api::RAW_REQUEST_BYTES_MAX)), RECEIVING),
            (to_receive_form(size(api::FORM_REQUEST_BYTES_MAX)), RECEIVING),
            (to_receive_batch(size(api::REQUEST_BYTES_MAX)), RECEIVING),
            (to_store(size(api::RAW_REQUEST_BYTES_MAX)), STORING),
            (to_send(size(api::REQUEST_BYTES_MAX)), SENDING),
        ] {
            assert!(needs <= limit, "{needs} of {limit}");
        }
        // The one exception: the letter of a raw message is its content, so that it needs half of this.
        assert!(to_send(size(api::RAW_REQUEST_BYTES_MAX)) <= SENDING + MIB);
        assert_eq!((to_receive(SMALL_BYTES), to_store(SMALL_BYTES), to_send(SMALL_BYTES)), (0, 0, 0));
    }

    proptest! {
        #[test]
        fn no_more_is_held_than_there_is(steps in prop::collection::vec((0_u8..5, 0_u64..15), 0..200)) {
            let pool = pool(10);
            let (mut shares, mut places) = (Vec::new(), Vec::new());
            for (step, bytes) in steps {
                match step {
                    0 => shares.extend(pool.take(bytes, NOW)),
                    1 => places.push(pool.queue(bytes, NOW)),
                    2 => {
                        // In whatever order they are asked.
                        let claimed: Vec<_> =
                            places.iter().rev().filter_map(|place: &Place| place.claim(NOW)).collect();
                        places.retain(|place| claimed.iter().all(|share| share.id != place.id));
                        shares.extend(claimed);
                    }
                    3 if !shares.is_empty() => drop(shares.swap_remove(0)),
                    _ => {
                        let _ = shares.first().map(|share| share.resize(bytes, NOW));
                    }
                }
                prop_assert!(pool.in_use() <= 10);
            }
            shares.clear();
            while !places.is_empty() {
                let share = places.remove(0).claim(NOW);
                prop_assert!(share.is_some(), "the first in the queue goes when nothing is held");
            }
            prop_assert_eq!(pool.in_use(), 0);
        }
    }
}
