//! Time of each kernel on one thread, by criterion; `scripts/bench kernels` runs it.

use std::time::Duration;

use criterion::{Criterion, Throughput};
use kernels::{ALL, dispatch};

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    // Criterion's own filter comes after the set-up, which is the longer part.
    let wanted = std::env::args().skip(1).find(|word| !word.starts_with('-')).unwrap_or_default();
    println!("vector registers: {}", dispatch());
    let mut group = criterion.benchmark_group("kernels");
    for named in ALL.iter().filter(|named| named.name.contains(&wanted)) {
        let mut kernel = (named.build)();
        group.throughput(Throughput::Elements(kernel.pixels as u64));
        group.bench_function(named.name, |bencher| bencher.iter(|| (kernel.work)()));
    }
    group.finish();
    criterion.final_summary();
}
