//! The objects' databases, seen and changed from outside while nobody has them open.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Runs a statement in each database and prints the rows of all; one without the table has none.
const SCRIPT: &str = "
import json, sqlite3, sys
rows = []
for file in sys.argv[2:]:
    connection = sqlite3.connect(file)
    try:
        rows += connection.execute(sys.argv[1]).fetchall()
        connection.commit()
    except sqlite3.OperationalError as error:
        if 'no such table' not in str(error):
            raise
    connection.close()
print(json.dumps(rows))
";

/// Runs a statement in every mailbox of an installation that stands still.
pub(crate) fn in_every_mailbox(state: &Path, statement: &str) -> Vec<Vec<Value>> {
    run(&files(state, |name| name != "metadata.sqlite"), statement)
}

/// Forgets every mailbox's alarm: the runtime's list of them, and what each mailbox's own file says of it.
pub(crate) fn lose_alarms(state: &Path) {
    run(&files(state, |name| name == "metadata.sqlite"), "DELETE FROM _cf_ALARM");
    let lost = in_every_mailbox(state, "DELETE FROM _cf_METADATA WHERE key = 1 RETURNING key");
    assert!(!lost.is_empty(), "no mailbox had an alarm to lose");
}

fn files(state: &Path, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let folder = state.join("v3/do/postbode-Mailbox");
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let files = entries.map(|entry| entry.unwrap()).filter(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.ends_with(".sqlite") && wanted(&name)
    });
    let files: Vec<PathBuf> = files.map(|entry| entry.path()).collect();
    assert!(!files.is_empty(), "there is no database in {}", folder.display());
    files
}

fn run(files: &[PathBuf], statement: &str) -> Vec<Vec<Value>> {
    let output = Command::new("python3").args(["-c", SCRIPT, statement]).args(files).output();
    let output = output.unwrap_or_else(|error| panic!("python3 can't be started ({error})"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
