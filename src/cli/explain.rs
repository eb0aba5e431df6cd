//! `explain`: sub-models, their rules, thresholds and sources.

use anyhow::Result;
use clap::Args;

use crate::cli::exit::Exit;
use crate::cli::show;
use crate::submodel::{self, Bound, Measured, SubModel, Tier};

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// Sub-model id; all in short when absent
    submodel: Option<String>,
}

impl Explain {
    /// Runs the verb.
    pub fn run(self) -> Result<Exit> {
        let text = match self.submodel {
            None => submodel::all()?.iter().map(short).collect::<Vec<_>>().join("\n"),
            Some(id) => submodel::select(&[id])?.iter().map(long).collect(),
        };
        show::data(text.trim_end());
        Ok(Exit::Complete)
    }
}

fn short(model: &SubModel) -> String {
    let classes: Vec<&str> = model.classes.iter().map(|class| class.name()).collect();
    format!("{}  {} ({})  inside {}", model.id, model.name, model.name_zh, classes.join(", "))
}

/// What its records are for, and what they are measured by.
fn record(model: &SubModel) -> String {
    let tier = match model.tier {
        Tier::Lead => "a lead to visit",
        Tier::Warning => "a warning: a place to watch",
        Tier::LookAgain => "a place to look at again",
    };
    let measured = match model.measured {
        Measured::Area => "by area",
        Measured::Length => "by length, never by area",
    };
    let pair = if model.direction.is_some() { "" } else { "; takes a series, two dates cannot tell it" };
    format!("{tier}, measured {measured}{pair}")
}

/// Codes in a row.
fn listed(codes: &[String]) -> String {
    if codes.is_empty() { "-".to_owned() } else { codes.join(" ") }
}

fn long(model: &SubModel) -> String {
    let mut lines = vec![short(model), model.description.clone(), String::new()];
    lines.push(format!("record         {}", record(model)));
    lines.push(format!(
        "land use       {} before (DLBM), {} after (TBLX)",
        listed(&model.before),
        listed(&model.after)
    ));
    lines.push(format!("smallest lead  {} m2", model.minimum_area_m2));
    let (views, growing) = (model.minimum_history, model.minimum_growing_history);
    lines.push(format!("look-back      at least {views} clear views, {growing} in the growing season"));
    lines.push(format!("looks alike    {}", model.look_alikes.join("; ")));
    lines.extend(model.requires.iter().map(|bound| format!("only if        {}", bound.words())));
    for veto in &model.vetoes {
        let bounds: Vec<String> = veto.all.iter().map(Bound::words).collect();
        lines.push(format!("never if       {}: {}", veto.name, bounds.join(", ")));
    }
    lines.extend(model.typical.iter().map(|bound| format!("typical        {}", bound.words())));
    if let Some(ceiling) = &model.ceiling {
        lines.push(format!("confidence     at most {}: {}", ceiling.most, ceiling.reason));
    }
    for rule in &model.legal {
        // A rule that another has replaced still speaks of what happened before.
        let label = if rule.replaced.is_some() { "former limit " } else { "limit        " };
        let until = rule.replaced.map_or(String::new(), |day| format!(", replaced {day}"));
        let (limit, source, since) = (rule.limit_mu, &rule.source, rule.in_force);
        lines.push(format!("{label}  {limit} mu: {} [{source}; in force {since}{until}]", rule.text));
    }
    lines.extend(model.source.iter().map(|source| format!("source         {source}")));
    lines.push(String::new());
    lines.push("definition (redlines/submodels):".to_owned());
    lines.push(model.text.to_owned());
    lines.push("A legal limit is arithmetic on an area; it says nothing about the place in law.".to_owned());
    lines.join("\n")
}
