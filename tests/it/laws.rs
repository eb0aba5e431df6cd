//! Laws.
use crate::program::Scan;
use crate::world::{Drawn, World};

#[test]
fn first() {
    let drawn = Drawn::new(World::touched());
    let published = Scan::of(&drawn).published();
    for lead in published.leads() { println!("{}", lead.properties); }
    println!("{:?}", published.hashes());
    std::process::Command::new("cp").arg("-r").arg(drawn.path("")).arg("/tmp/laws-world").status().unwrap();
}
