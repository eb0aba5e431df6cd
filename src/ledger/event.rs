//! One event of the ledger: what happened to what, who says so, when, why, on what evidence.
//!
//! Law: the hash of an event covers every column of it and the hash of the event before, so that no row can be changed,
//! taken out or moved without the next one telling. It is over the text as it is stored: nothing is read into it.

use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::ledger::LedgerError;
use crate::publish::digest::hexadecimal;
use crate::reason::coded;

/// What the hash of the first event stands on.
pub const NOTHING_BEFORE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Version of what an event is; part of every hash.
const FORMAT: &str = "steppewatch event 1";

coded! {
    /// What happened.
    Kind {
        /// The ledger was begun.
        Begun = "begun", "台账建立", "begun";
        /// A run was taken in.
        RunRecorded = "run_recorded", "运行入账", "run recorded";
        /// A lead was found that no case stands for.
        Found = "found", "发现", "found";
        /// A case was seen again by a run, changed.
        SeenAgain = "seen_again", "再次发现", "seen again";
        /// A case was looked at by a run and nothing was found there any more.
        Recovered = "recovered", "影像已恢复", "recovered in imagery";
        /// A case went into another.
        Merged = "merged", "并入", "merged";
        /// A piece of a case is a case of its own now.
        Split = "split", "分出", "split";
        /// Looked over at the desk and worth a visit.
        Triaged = "triaged", "研判", "triaged";
        /// Somebody is to go there.
        Assigned = "assigned", "派核", "assigned";
        /// A verdict from the ground.
        Verified = "verified", "核查", "verified";
        /// What counts where verdicts differ.
        Settled = "settled", "结论裁定", "settled";
        /// No matter for this office, with a reason code.
        Rejected = "rejected", "排除", "rejected";
        /// Handed to an agency.
        Transferred = "transferred", "移送", "transferred";
        /// A case was filed.
        Filed = "filed", "立案", "filed";
        /// A suggestion was sent, an answer is due.
        Advised = "advised", "发检察建议", "advised";
        /// The answer came.
        Replied = "replied", "回复", "replied";
        /// The ground is being put right.
        Rectifying = "rectifying", "整改", "rectifying";
        /// It was looked at again.
        LookedAgain = "looked_again", "回头看", "looked again";
        /// Done.
        Closed = "closed", "销号", "closed";
        /// Open once more.
        Reopened = "reopened", "重新打开", "reopened";
        /// Lies in a county.
        Located = "located", "所在县", "located";
        /// The agency has confirmed that it holds what was handed over.
        Receipted = "receipted", "签收", "receipted";
        /// Went into a package for its agency.
        Packed = "packed", "移送包", "packed";
        /// Rules of deadlines that hold from here on.
        DeadlinesSet = "deadlines_set", "期限规则", "deadlines set";
        /// Pictures from the ground were linked, which changes no state.
        Photographed = "photographed", "现场照片", "photographed";
        /// Leads were drawn at random for a visit.
        Sampled = "sampled", "随机抽样", "sampled";
        /// A remark, which changes no state.
        Noted = "noted", "备注", "noted";
    }
}

/// A moment in both clocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// RFC 3339, UTC, to the second.
    pub utc: String,
    /// The same by the clock on the wall, with its offset.
    pub local: String,
}

impl Moment {
    /// Both clocks of a zoned time.
    pub fn of(time: &Zoned) -> Self {
        let whole = |time: Timestamp| Timestamp::from_second(time.as_second()).unwrap_or(time);
        let local = time.datetime().strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let offset = time.offset().seconds();
        let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.abs() / 60);
        Self {
            utc: whole(time.timestamp()).to_string(),
            local: format!("{local}{sign}{:02}:{:02}", minutes / 60, minutes % 60),
        }
    }
}

/// A file that stands behind an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Its name, without folders of this machine.
    pub file: String,
    /// SHA-256, hexadecimal.
    pub sha256: String,
}

/// An event before it has its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// What happened.
    pub kind: Kind,
    /// What is written once: a second draft with the same key is the same event. Empty: this one stands for itself.
    pub key: String,
    /// The case that it is about.
    pub lead: Option<String>,
    /// The run that it comes from.
    pub run: Option<String>,
    /// Why, in words or a code.
    pub reason: Option<String>,
    /// The rest, as JSON.
    pub body: Value,
    /// Files behind it.
    pub evidence: Vec<Evidence>,
}

impl Draft {
    /// A draft about a case.
    pub fn of(kind: Kind, lead: &str) -> Self {
        Self {
            kind,
            key: String::new(),
            lead: Some(lead.to_owned()),
            run: None,
            reason: None,
            body: Value::Null,
            evidence: Vec::new(),
        }
    }
}

/// A row of the ledger, every column as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Place in the chain, from 1.
    pub seq: i64,
    /// What is written once.
    pub key: String,
    /// The word of its [`Kind`].
    pub kind: String,
    /// The case that it is about; empty for none.
    pub lead: String,
    /// The run that it comes from; empty for none.
    pub run: String,
    /// Who says so.
    pub actor: String,
    /// When, UTC.
    pub at_utc: String,
    /// When, by the clock on the wall.
    pub at_local: String,
    /// Why; empty for none.
    pub reason: String,
    /// The rest, as JSON.
    pub body: String,
    /// Files behind it, as JSON.
    pub evidence: String,
    /// Hash of the event before.
    pub previous: String,
    /// Hash of this one.
    pub hash: String,
}

impl Event {
    /// Gives a draft its place after the head of the chain.
    pub fn placed(draft: Draft, actor: &str, at: &Moment, (seq, previous): (i64, &str)) -> Self {
        let mut event = Self {
            seq: seq + 1,
            key: draft.key,
            kind: draft.kind.code().to_owned(),
            lead: draft.lead.unwrap_or_default(),
            run: draft.run.unwrap_or_default(),
            actor: actor.to_owned(),
            at_utc: at.utc.clone(),
            at_local: at.local.clone(),
            reason: draft.reason.unwrap_or_default(),
            body: draft.body.to_string(),
            evidence: serde_json::json!(draft.evidence).to_string(),
            previous: previous.to_owned(),
            hash: String::new(),
        };
        if event.key.is_empty() {
            event.key = format!("{}", event.seq);
        }
        event.hash = event.computed_hash();
        event
    }

    /// A row as it is stored: its place, and its other columns in their order.
    pub fn of(seq: i64, columns: [String; 12]) -> Self {
        let [key, kind, lead, run, actor, at_utc, at_local, reason, body, evidence, previous, hash] = columns;
        Self { seq, key, kind, lead, run, actor, at_utc, at_local, reason, body, evidence, previous, hash }
    }

    /// Every column but its place, in the order of the row; the hash stands last.
    pub fn words(&self) -> [&str; 12] {
        let Self {
            seq: _,
            key,
            kind,
            lead,
            run,
            actor,
            at_utc,
            at_local,
            reason,
            body,
            evidence,
            previous,
            hash,
        } = self;
        [key, kind, lead, run, actor, at_utc, at_local, reason, body, evidence, previous, hash]
    }

    /// The hash that every column together has.
    pub fn computed_hash(&self) -> String {
        let seq = self.seq.to_string();
        let mut digest = Sha256::new();
        let [before @ .., _] = self.words();
        for column in [FORMAT, &seq].into_iter().chain(before) {
            // The length stands before the text, so that no two rows spell the same bytes.
            digest.update((column.len() as u64).to_le_bytes());
            digest.update(column.as_bytes());
        }
        hexadecimal(&digest.finalize())
    }

    /// Its kind.
    ///
    /// # Errors
    /// `Row` when a later version wrote it, or somebody else.
    pub fn kind(&self) -> Result<Kind, LedgerError> {
        let written = Kind::ALL.iter().find(|kind| kind.code() == self.kind).copied();
        written.ok_or_else(|| self.wrong(format!("kind '{}' is none of this version", self.kind)))
    }

    /// Every column, with body and evidence as JSON.
    ///
    /// # Errors
    /// `Row` where they are none.
    pub fn as_json(&self) -> Result<Value, LedgerError> {
        let evidence: Value = serde_json::from_str(&self.evidence)
            .map_err(|error| self.wrong(format!("its evidence is no JSON ({error})")))?;
        Ok(serde_json::json!({
            "seq": self.seq, "kind": self.kind, "lead": self.lead, "run": self.run, "actor": self.actor,
            "at_utc": self.at_utc, "at_local": self.at_local, "reason": self.reason, "body": self.body()?,
            "evidence": evidence, "previous": self.previous, "hash": self.hash,
        }))
    }

    /// Its body as JSON.
    ///
    /// # Errors
    /// `Row` when it is none.
    pub fn body(&self) -> Result<Value, LedgerError> {
        serde_json::from_str(&self.body).map_err(|error| self.wrong(format!("its body is no JSON ({error})")))
    }

    /// What is wrong with this row.
    pub fn wrong(&self, what: String) -> LedgerError {
        LedgerError::Row { table: "events".to_owned(), row: self.seq.to_string(), what }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Noon in Beijing on a day of May 2026.
    pub(crate) fn moment(day: u32) -> Moment {
        Moment {
            utc: format!("2026-05-{day:02}T04:00:00Z"),
            local: format!("2026-05-{day:02}T12:00:00+08:00"),
        }
    }

    fn event() -> Event {
        let draft = Draft { reason: Some("clouds".to_owned()), ..Draft::of(Kind::Noted, "a1") };
        Event::placed(draft, "Li", &moment(2), (4, NOTHING_BEFORE))
    }

    #[test]
    fn the_hash_of_an_event_follows_every_column() {
        let whole = event();
        assert_eq!(whole.hash, whole.computed_hash());
        let changes: [fn(&mut Event); 12] = [
            |event| event.seq += 1,
            |event| event.key.push('x'),
            |event| event.kind.push('x'),
            |event| event.lead.push('x'),
            |event| event.run.push('x'),
            |event| event.actor.push('x'),
            |event| event.at_utc.push('x'),
            |event| event.at_local.push('x'),
            |event| event.reason.push('x'),
            |event| event.body.push('x'),
            |event| event.evidence.push('x'),
            |event| event.previous.push('x'),
        ];
        for change in changes {
            let mut changed = whole.clone();
            change(&mut changed);
            assert_ne!(changed.computed_hash(), whole.hash);
        }
        // A letter that goes from the end of one column to the next one's beginning.
        let mut moved = whole.clone();
        moved.lead = "a".to_owned();
        moved.run = "1".to_owned();
        assert_ne!(moved.computed_hash(), whole.hash);
    }

    #[test]
    fn a_moment_has_both_clocks_to_the_second() {
        let time: Zoned = "2026-05-02T12:00:00.25+08:00[+08:00]".parse().unwrap();
        assert_eq!(Moment::of(&time), moment(2));
    }
}
