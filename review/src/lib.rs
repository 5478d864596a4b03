//! The meaning of a set of generated files to Asterisk. [`check()`] finds what Asterisk would refuse, drop or not find,
//! [`diff`] what changes, and [`mod@explain`] says where a line comes from.
//!
//! The crate is given texts with the origins of their lines, as a [`FileSet`], and reads them with `asterisk-conf`. It knows
//! neither databases nor sockets, and opens no file: a caller that has Asterisk's own configuration folder passes it in, as
//! a [`Host`].
//!
//! To read, begin with [`FileSet`] and [`check()`]. A rule stands in the file of `check/` that looks for it.
//!
//! ```
//! use review::{FileSet, Rules};
//!
//! let queues = "[general]\n\n[sales]\nmusicclass = jazz\nmember = PJSIP/a\n";
//! let classes = "[default]\nmode = files\ndirectory = /var/lib/asterisk/moh/default\n";
//! let set = FileSet::from_texts([("asterisk/queues.conf", queues), ("asterisk/musiconhold.conf", classes)]).unwrap();
//! let checked = review::check(&set, None, &Rules::default());
//! assert_eq!(
//!     checked.findings[0].to_string(),
//!     "asterisk/queues.conf:4: warning: queue sales: there is no music class \"jazz\" [queue-musicclass-missing]",
//! );
//! ```

#![warn(missing_docs)]

pub mod check;
mod dialplan;
mod diff;
pub mod explain;
mod fields;
mod finding;
mod host;
mod mailboxes;
mod objects;
mod rule;
mod set;
mod site;
mod text;
mod words;

pub use check::{Checked, check, mistakes, new_rejections, rejections};
pub use diff::{
    Change, Diff, DiffOptions, FileDiff, ObjectDiff, OptionChange, Style, diff, is_secret, summary, unified,
    unified_file,
};
pub use finding::Finding;
pub use host::{Folder, Host};
pub use objects::count as count_objects;
pub use rule::{Rule, Rules, Severity, UnknownRule};
pub use set::{FileSet, GeneratedFile};
pub use words::{counted, grouped};
