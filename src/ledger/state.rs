//! The states of a lead, and which step leads from where to where: written once, and drawn from here.
//!
//! Law: a machine finds, people decide. What a person has decided no run changes; it says so and leaves it.
//! Source: `reference/mission.md` 4.3 joins the stages of alert systems, land surveys and public-interest procedure.

use crate::ledger::LedgerError;
use crate::reason::coded;

coded! {
    /// Where a case stands.
    State {
        /// Found, not yet seen often enough.
        Candidate = "candidate", "候选", "candidate";
        /// Found by few views.
        Provisional = "provisional", "初步", "provisional";
        /// Found by enough views.
        Confirmed = "confirmed", "已确认", "confirmed";
        /// Looked at by a later run, which found nothing there any more; nobody has been there.
        Recovered = "recovered", "影像已恢复", "recovered in imagery";
        /// Looked over at the desk.
        Triaged = "triaged", "已研判", "triaged";
        /// Somebody is to go there.
        Assigned = "assigned", "已派核", "assigned";
        /// Somebody was there.
        Verified = "verified", "已核查", "verified";
        /// Handed to an agency.
        Transferred = "transferred", "已移送", "transferred";
        /// Filed as a case.
        Filed = "filed", "已立案", "filed";
        /// A suggestion was sent.
        Advised = "advised", "已发检察建议", "advised";
        /// The agency has answered.
        Replied = "replied", "已回复", "replied";
        /// The ground is being put right.
        Rectifying = "rectifying", "整改中", "rectifying";
        /// It was looked at again.
        LookedAgain = "looked_again", "已回头看", "looked again";
        /// Done.
        Closed = "closed", "已销号", "closed";
        /// No matter for this office.
        Rejected = "rejected", "已排除", "rejected";
        /// Open once more.
        Reopened = "reopened", "重新打开", "reopened";
        /// Part of another case now.
        Merged = "merged", "已并入", "merged";
    }
}

coded! {
    /// What somebody found on the ground.
    Verdict {
        /// Nothing changed, or what always changes.
        PseudoChange = "pseudo_change", "伪变化", "pseudo-change";
        /// Changed, and allowed.
        Lawful = "lawful", "合法", "lawful";
        /// Changed, and found on site to be a use that is not allowed. A person says so, never this program.
        UnlawfulUseFound = "unlawful_use_found", "现场发现问题用地", "unlawful use found on site";
        /// Land for farm facilities, which has rules of its own.
        FacilityFarmland = "facility_farmland", "设施农用地", "facility farmland";
        /// It could not be told.
        CannotTell = "cannot_tell", "无法核实", "cannot tell";
    }
}

coded! {
    /// Why a lead is no matter for this office. Source: `reference/mission.md` 4.3.
    Cause {
        /// Season.
        Season = "season", "季节物候", "season";
        /// Drought.
        Drought = "drought", "干旱", "drought";
        /// Rain that turned the ground green.
        RainGreening = "rain_greening", "降雨返青", "greening after rain";
        /// Harvest and tillage of what was a field.
        Farming = "farming", "收割耕作", "harvest or tillage";
        /// Fire.
        Fire = "fire", "火烧", "fire";
        /// Flood or water level.
        Water = "water", "洪水或水位", "flood or water level";
        /// Cloud, shadow, haze.
        Cloud = "cloud", "云影霾", "cloud, shadow or haze";
        /// Snow.
        Snow = "snow", "雪", "snow";
        /// Images that do not lie on each other.
        Registration = "registration", "配准误差", "misregistration";
        /// The ground was so before.
        ExistingUse = "existing_use", "既有地类", "existing land use";
        /// A permit allows it.
        Permit = "permit", "有合法审批", "lawfully approved";
        /// The red line is drawn wrong.
        RedLine = "red_line", "红线图层错误", "red line drawn wrong";
        /// Too small.
        TooSmall = "too_small", "面积不足", "too small";
        /// Twice the same.
        Duplicate = "duplicate", "重复", "duplicate";
        /// Something else, in words.
        Other = "other", "其他", "other";
    }
}

coded! {
    /// A step that people take.
    Action {
        /// Look it over.
        Triage = "triage", "研判", "triage";
        /// Send somebody.
        Assign = "assign", "派核", "assign";
        /// Say what was found on the ground.
        Verify = "verify", "核查", "verify";
        /// Say what counts where verdicts differ.
        Settle = "settle", "裁定", "settle";
        /// Put it aside with a cause.
        Reject = "reject", "排除", "reject";
        /// Hand it to an agency.
        Transfer = "transfer", "移送", "transfer";
        /// Note that the agency holds it.
        Receipt = "receipt", "签收", "receipt";
        /// File a case.
        File = "file", "立案", "file";
        /// Send a suggestion.
        Advise = "advise", "发检察建议", "advise";
        /// Note the answer.
        Reply = "reply", "回复", "reply";
        /// Note that the ground is being put right.
        Rectify = "rectify", "整改", "rectify";
        /// Look again.
        LookAgain = "look_again", "回头看", "look again";
        /// Close.
        Close = "close", "销号", "close";
        /// Open once more.
        Reopen = "reopen", "重新打开", "reopen";
    }
}

impl Verdict {
    /// Whether it is a matter for an agency: such a lead was a true one.
    pub fn is_matter(self) -> bool {
        matches!(self, Verdict::UnlawfulUseFound | Verdict::FacilityFarmland)
    }
}

use State::{
    Advised, Assigned, Candidate, Closed, Confirmed, Filed, LookedAgain, Provisional, Recovered, Rectifying,
    Rejected, Reopened, Replied, Transferred, Triaged, Verified,
};

/// A step of the machine of states.
pub struct Transition {
    /// What is done.
    pub action: Action,
    /// States in which it may be done.
    pub from: &'static [State],
    /// The state after it; none where the case stays where it is.
    pub to: Option<State>,
    /// What else it needs, in words; empty for nothing.
    pub needs: &'static str,
}

/// Every step that people may take.
pub const TRANSITIONS: &[Transition] = &[
    Transition {
        action: Action::Triage,
        from: &[Candidate, Provisional, Confirmed, Recovered, Reopened],
        to: Some(Triaged),
        needs: "",
    },
    Transition {
        action: Action::Assign,
        from: &[Candidate, Provisional, Confirmed, Recovered, Triaged, Assigned, Verified, Reopened],
        to: Some(Assigned),
        needs: "a name",
    },
    Transition {
        action: Action::Verify,
        from: &[Candidate, Provisional, Confirmed, Recovered, Triaged, Assigned, Verified, Reopened],
        to: Some(Verified),
        needs: "a verdict",
    },
    // Who goes there again after the case was handed over is heard, and moves nothing.
    Transition {
        action: Action::Verify,
        from: &[Transferred, Filed, Advised, Replied, Rectifying, LookedAgain],
        to: None,
        needs: "a verdict",
    },
    Transition {
        action: Action::Settle,
        from: &[Verified, Transferred, Filed, Advised, Replied, Rectifying, LookedAgain],
        to: None,
        needs: "verdicts that differ, the one that counts and a reason",
    },
    Transition {
        action: Action::Reject,
        from: &[Candidate, Provisional, Confirmed, Recovered, Triaged, Assigned, Verified, Reopened],
        to: Some(Rejected),
        needs: "a cause",
    },
    Transition {
        action: Action::Transfer,
        from: &[Verified],
        to: Some(Transferred),
        needs: "an agency and a verdict that is a matter for it",
    },
    Transition {
        action: Action::Receipt,
        from: &[Transferred, Filed, Advised, Replied, Rectifying],
        to: None,
        needs: "the day",
    },
    Transition { action: Action::File, from: &[Verified, Transferred], to: Some(Filed), needs: "a number" },
    Transition {
        action: Action::Advise,
        from: &[Transferred, Filed, Advised],
        to: Some(Advised),
        needs: "an agency",
    },
    Transition { action: Action::Reply, from: &[Transferred, Advised], to: Some(Replied), needs: "" },
    // The answer may come when the ground is being put right already.
    Transition { action: Action::Reply, from: &[Rectifying, LookedAgain], to: None, needs: "" },
    Transition {
        action: Action::Rectify,
        from: &[Transferred, Filed, Advised, Replied],
        to: Some(Rectifying),
        needs: "",
    },
    Transition {
        action: Action::LookAgain,
        from: &[Replied, Rectifying, LookedAgain],
        to: Some(LookedAgain),
        needs: "a result",
    },
    Transition {
        action: Action::Close,
        from: &[Verified, Transferred, Filed, Replied, LookedAgain],
        to: Some(Closed),
        needs: "a reason; where it was looked at again, that it was found restored",
    },
    Transition {
        action: Action::Reopen,
        from: &[Closed, Rejected, Recovered],
        to: Some(Reopened),
        needs: "a reason",
    },
];

impl State {
    /// The state that the status of a lead of a run stands for.
    pub fn of_status(status: &str) -> State {
        State::parse(status).unwrap_or(Candidate)
    }

    /// Whether no person has decided anything yet.
    pub fn is_of_machine(self) -> bool {
        matches!(self, Candidate | Provisional | Confirmed | Recovered)
    }

    /// Whether an agency has it.
    pub fn is_with_agency(self) -> bool {
        matches!(self, Transferred | Filed | Advised | Replied | Rectifying | LookedAgain)
    }

    /// Whether somebody is still to go there.
    pub fn awaits_a_visit(self) -> bool {
        self.is_of_machine() || matches!(self, Triaged | Assigned | Reopened)
    }

    /// Whether nothing is to be done any more.
    pub fn is_done(self) -> bool {
        matches!(self, Closed | Rejected | State::Merged)
    }
}

/// The state that a step leads to.
///
/// # Errors
/// `Guard`, with the states that allow the step and a way to one of them.
pub fn after(lead: &str, state: State, action: Action) -> Result<State, LedgerError> {
    let steps = || TRANSITIONS.iter().filter(|step| step.action == action);
    if let Some(step) = steps().find(|step| step.from.contains(&state)) {
        return Ok(step.to.unwrap_or(state));
    }
    let from: Vec<&str> = steps().flat_map(|step| step.from).map(|state| state.code()).collect();
    let ways = TRANSITIONS.iter().filter(|one| one.from.contains(&state));
    let ways: Vec<&str> = ways.map(|one| one.action.code()).collect();
    let because = match (state, ways.as_slice()) {
        (State::Merged, _) => "; it is part of another case, which `steppewatch leads show` names".to_owned(),
        (_, []) => String::new(),
        (_, ways) => format!("; from here lead {}", ways.join(", ")),
    };
    Err(LedgerError::Guard {
        lead: lead.to_owned(),
        state: state.code(),
        action: action.code(),
        expected: from.join(" or "),
        because,
    })
}

/// The machine of states as a diagram in Mermaid's language.
pub fn diagram() -> String {
    let mut text = "stateDiagram-v2\n".to_owned();
    let mut line =
        |from: &str, to: &str, what: &str| text.push_str(&format!("    {from} --> {to}: {what}\n"));
    for found in [Candidate, Provisional, Confirmed] {
        line("[*]", found.code(), "a run");
    }
    for (from, to) in [(Candidate, Provisional), (Candidate, Confirmed), (Provisional, Confirmed)] {
        line(from.code(), to.code(), "a run");
    }
    for from in [Candidate, Provisional, Confirmed] {
        line(from.code(), Recovered.code(), "a run finds nothing there");
        line(Recovered.code(), from.code(), "a run");
    }
    line(Closed.code(), Reopened.code(), "a run finds it changed anew, or grown");
    for step in TRANSITIONS {
        for from in step.from {
            line(from.code(), step.to.unwrap_or(*from).code(), step.action.code());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_every_state_but_a_merged_one_some_step_leads_on_and_every_state_is_reached() {
        for state in State::ALL.iter().filter(|state| **state != State::Merged) {
            assert!(TRANSITIONS.iter().any(|step| step.from.contains(state)), "{state:?}");
        }
        let reached =
            |state: &State| state.is_of_machine() || TRANSITIONS.iter().any(|step| step.to == Some(*state));
        assert!(State::ALL.iter().filter(|state| **state != State::Merged).all(reached));
    }

    #[test]
    fn a_step_that_is_not_allowed_names_what_is() {
        let error = after("a1", Confirmed, Action::Transfer).unwrap_err().to_string();
        assert!(error.contains("a1 is confirmed: transfer needs verified"), "{error}");
        assert!(error.contains("from here lead triage, assign, verify, reject"), "{error}");
        assert!(after("a1", State::Merged, Action::Assign).unwrap_err().to_string().contains("another case"));
    }

    #[test]
    fn codes_and_both_languages_are_read_and_a_word_means_one_thing() {
        assert_eq!(Cause::parse("配准误差"), Some(Cause::Registration));
        assert_eq!(Verdict::parse(" Pseudo-Change "), Some(Verdict::PseudoChange));
        assert_eq!(State::of_status("confirmed"), Confirmed);
        let mut codes: Vec<&str> = State::ALL.iter().map(|state| state.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), State::ALL.len());
    }
}
