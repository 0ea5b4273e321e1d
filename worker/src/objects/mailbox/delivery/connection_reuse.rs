use crate::host::Connection;

/// Connection reuse: the open connection to a mail server that can carry the next message.
#[derive(Default)]
pub(super) struct ConnectionReuse(Option<(Opened, Connection)>);

/// Version and epoch of the mailbox that a connection was opened with. After a save or a sign-in there is a fresh one.
pub(super) type Opened = (u64, u64);

impl ConnectionReuse {
    /// The connection of before, if it still is the right one.
    pub(super) async fn take(&mut self, opened: Opened) -> Option<Connection> {
        match self.0.take() {
            Some((with, connection)) if with == opened => Some(connection),
            Some((_, connection)) => {
                connection.close().await;
                None
            }
            None => None,
        }
    }

    /// Keeps a connection for the next message, unless it takes no other.
    pub(super) async fn keep(&mut self, opened: Opened, connection: Connection) {
        if connection.takes_another() {
            self.0 = Some((opened, connection));
        } else {
            connection.close().await;
        }
    }

    /// There is no next message.
    pub(super) async fn close(self) {
        if let Some((_, connection)) = self.0 {
            connection.close().await;
        }
    }
}
