//! Verbs, one file each.

use std::process::ExitCode;

/// Entry of the program.
pub fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let mut f = crate::plan::PlanFile::default();
    f.inputs.scenes = Some(args[1].clone().into());
    f.inputs.redlines = vec![args[2].clone().into()];
    f.inputs.class = Some(args[3].clone());
    f.dates.baseline = Some(args[4].clone());
    f.dates.target = Some(args[5].clone());
    f.outputs.out = Some(args[6].clone().into());
    if let Some(m) = args.get(7) { f.model.submodels = m.split(',').map(str::to_owned).collect(); }
    f.model.least_confidence = Some(0.0);
    let plan = crate::plan::resolve(f, 2).unwrap();
    let inputs = crate::run::inputs::gather(&plan).unwrap();
    if let Ok(at) = std::env::var("AT") { let (a,b)=at.split_once(',').unwrap(); println!("{}", crate::run::trace::trace(&inputs, a.parse().unwrap(), b.parse().unwrap()).unwrap()); return ExitCode::SUCCESS; }
    std::fs::create_dir_all(&plan.out).unwrap();
    let r = crate::run::series(&plan, &inputs, &plan.out.join("scratch"), &crate::run::Silent).unwrap();
    std::fs::write(plan.out.join("leads.geojson"), crate::publish::geojson::leads(&r.leads).unwrap()).unwrap();
    std::fs::write(plan.out.join("suppressed.geojson"), crate::publish::geojson::suppressed(&r.suppressed).unwrap()).unwrap();
    println!("{} leads, {} suppressed", r.leads.len(), r.suppressed.len());
    println!("{}", crate::publish::table::leads(&r.leads, 60));
    ExitCode::SUCCESS
}
