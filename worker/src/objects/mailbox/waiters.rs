use std::cell::RefCell;

use futures_channel::oneshot;

/// Callers that wait until something has ended. A list: few ever wait at once, and a map for each kind of key is more code
/// than everything that uses it.
pub(super) struct Waiters<K>(RefCell<Vec<(K, oneshot::Sender<()>)>>);

impl<K> Default for Waiters<K> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<K> Waiters<K> {
    /// Is ready when `wake` is called for that key.
    pub(super) fn wait(&self, key: K) -> oneshot::Receiver<()> {
        let (sender, ended) = oneshot::channel();
        self.0.borrow_mut().push((key, sender));
        ended
    }

    /// Wakes the callers whose key it is.
    pub(super) fn wake(&self, has_ended: impl Fn(&K) -> bool) {
        let woken: Vec<_> = self.0.borrow_mut().extract_if(.., |(key, _)| has_ended(key)).collect();
        for (_, caller) in woken {
            // A caller that is gone cancels nothing.
            let _ = caller.send(());
        }
    }
}
