//! What a run changed: lists of ids, for people and machines.

use std::collections::BTreeSet;

use serde::Serialize;

/// What a run changed, by ids.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Digest {
    /// Found where no case was.
    pub new: BTreeSet<String>,
    /// Larger by more than a tenth.
    pub grown: BTreeSet<String>,
    /// Smaller by more than a tenth.
    pub shrunk: BTreeSet<String>,
    /// Another status or another name; the area is about the same.
    pub changed: BTreeSet<String>,
    /// As they were.
    pub unchanged: BTreeSet<String>,
    /// Looked at, and not found any more.
    pub recovered: BTreeSet<String>,
    /// Closed cases that were found again.
    pub reopened: BTreeSet<String>,
    /// Part of another case now.
    pub merged: BTreeSet<String>,
    /// Pieces that are cases of their own now.
    pub split: BTreeSet<String>,
    /// Rejected cases that were found again: the decision stands.
    pub rejected_before: BTreeSet<String>,
    /// Closed cases that were found as they were when they were closed: the decision stands.
    pub closed_before: BTreeSet<String>,
    /// Not found, where people are at work or gaps hide the ground.
    pub not_seen: BTreeSet<String>,
}
